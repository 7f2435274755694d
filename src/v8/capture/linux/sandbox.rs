//! What the child may ask of the kernel: memory, time, and writing to what it has open.
//!
//! V8 may run finalizers of any addon while it collects in the child, and what they do to the world
//! (a file deleted, a database closed) would be done to the parent's. Here it fails with EPERM.

use super::sys::{self, EPERM, Instruction};
use std::io;

/// The numbers of x86-64.
const ALLOWED: [u32; 37] = [
    0,   // read
    1,   // write: every descriptor but the file's is /dev/null
    3,   // close
    5,   // fstat
    8,   // lseek
    9,   // mmap
    10,  // mprotect
    11,  // munmap
    12,  // brk
    13,  // rt_sigaction
    14,  // rt_sigprocmask
    15,  // rt_sigreturn
    17,  // pread64: how much memory is left
    24,  // sched_yield
    25,  // mremap
    28,  // madvise
    35,  // nanosleep
    39,  // getpid
    60,  // exit
    63,  // uname
    96,  // gettimeofday
    98,  // getrusage
    99,  // sysinfo
    131, // sigaltstack
    186, // gettid
    202, // futex
    204, // sched_getaffinity
    219, // restart_syscall
    228, // clock_gettime
    229, // clock_getres
    230, // clock_nanosleep
    231, // exit_group
    309, // getcpu
    318, // getrandom
    324, // membarrier
    329, // pkey_mprotect
    330, // pkey_alloc
];
/// tgkill, only to this process: `abort()` needs it.
const TGKILL: u32 = 234;

const ARCHITECTURE: u32 = 0xc000_003e;

// The filter reads `struct seccomp_data`: number, architecture, address, arguments.
const NUMBER_AT: u32 = 0;
const ARCHITECTURE_AT: u32 = 4;
const FIRST_ARGUMENT_AT: u32 = 16;

const LOAD: u16 = 0x20;
const JUMP_IF_EQUAL: u16 = 0x15;
const RETURN: u16 = 0x06;

const ALLOW: u32 = 0x7fff_0000;
const FAIL: u32 = 0x0005_0000 | EPERM;

pub(super) fn enter() -> io::Result<()> {
    sys::filter_system_calls(&program(std::process::id()))
}

/// `process`: the one that may be signalled.
fn program(process: u32) -> Vec<Instruction> {
    let load = |at| instruction(LOAD, 0, 0, at);
    let answer = |value| instruction(RETURN, 0, 0, value);
    let mut program = vec![
        load(ARCHITECTURE_AT),
        instruction(JUMP_IF_EQUAL, 1, 0, ARCHITECTURE),
        answer(FAIL),
        load(NUMBER_AT),
    ];
    for number in ALLOWED {
        program.push(instruction(JUMP_IF_EQUAL, 0, 1, number));
        program.push(answer(ALLOW));
    }
    program.extend([
        instruction(JUMP_IF_EQUAL, 0, 3, TGKILL),
        load(FIRST_ARGUMENT_AT),
        instruction(JUMP_IF_EQUAL, 0, 1, process),
        answer(ALLOW),
        answer(FAIL),
    ]);
    program
}

fn instruction(code: u16, if_true: u8, if_false: u8, value: u32) -> Instruction {
    Instruction {
        code,
        if_true,
        if_false,
        value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs the program as the kernel does.
    fn verdict(architecture: u32, number: u32, argument: u32) -> u32 {
        let program = program(7);
        let mut loaded = 0;
        let mut at = 0;
        loop {
            let Instruction {
                code,
                if_true,
                if_false,
                value,
            } = program[at];
            at += 1;
            match code {
                LOAD if value == NUMBER_AT => loaded = number,
                LOAD if value == ARCHITECTURE_AT => loaded = architecture,
                LOAD if value == FIRST_ARGUMENT_AT => loaded = argument,
                JUMP_IF_EQUAL if loaded == value => at += if_true as usize,
                JUMP_IF_EQUAL => at += if_false as usize,
                RETURN => return value,
                other => panic!("{other}"),
            }
        }
    }

    #[test]
    fn allows_what_is_listed_and_nothing_else() {
        for number in 0..1024 {
            let wanted = if ALLOWED.contains(&number) {
                ALLOW
            } else {
                FAIL
            };
            assert_eq!(verdict(ARCHITECTURE, number, 8), wanted, "{number}");
            assert_eq!(verdict(0x4000_0003, number, 7), FAIL, "32 bit {number}");
            assert_eq!(verdict(ARCHITECTURE, number | 0x4000_0000, 7), FAIL, "x32");
        }
    }

    #[test]
    fn allows_signals_to_itself_only() {
        assert_eq!(verdict(ARCHITECTURE, TGKILL, 7), ALLOW);
        assert_eq!(verdict(ARCHITECTURE, TGKILL, 8), FAIL);
    }
}
