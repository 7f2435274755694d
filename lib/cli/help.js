'use strict'

const GENERAL = `tidemark reads V8 heap snapshots (.heapsnapshot) and says what leaks and who holds it.

  tidemark snapshot --pid PID           asks a running process that has tidemark for a snapshot
  tidemark suspects FILE                what looks like a leak
  tidemark suspects BEFORE ... AFTER    what grew, from the first to the last: far more certain
  tidemark diff BEFORE AFTER            what became more, class by class
  tidemark summary FILE                 what is in the heap, class by class
  tidemark path FILE --node ID          why this object lives; --class NAME: the largest of a class
  tidemark convert FILE --out FILE      a copy without the contents of strings, to hand on
  tidemark ps DIR                       the processes that record themselves, and how the dead ended
  tidemark recorder FILE                what a process recorded, with a chart
  tidemark dashboard DIR                a live page of them in a browser
  tidemark leaks DIR                    the leaks that recorded processes reported
  tidemark check APP --url PATH         requests these paths of an app: does memory grow with them?
  tidemark mcp DIR ...                  answers an agent on stdin and stdout, from these folders

Options
  --json           the same as JSON, on stdout, with { schema: { name, version } }; a failure too:
                   { error: { code, message } }
  --html FILE      a report in one file, with a picture (suspects, summary, recorder)
  --format md      the same as Markdown, of 5 kB at most, to hand on: names of the code alone
                   (suspects, diff, summary, path, ps, recorder, leaks, check)
  --watch, --all   (ps) see tidemark ps --help
  --port N         (dashboard) the port of the page; any that is free
  --url, --requests, --connections, --budget, --status, --port    (check) see tidemark check --help
  --rows N         how many rows of each list (diff, summary; 20)
  --force          (convert, snapshot) replaces FILE where it is there already
  --redact         (convert) a string becomes its length: '<string of 12>'; this is the default
  --strip          (convert) a string becomes empty
  --signal, --out, --full, --force, --timeout    (snapshot) see tidemark snapshot --help
  -h, --help       this, or the help of one command: tidemark path --help
  -v, --version    the version

Exit code
  0  done, nothing suspicious
  1  it could not be done: wrong arguments, a file that cannot be read, a broken snapshot,
     a process that cannot be asked or takes no snapshot
  2  suspects: done, and at least one suspect of medium or high confidence was found
     check: 0 clean, 1 leaks or could not be done, 2 undecided

Progress goes to stderr when that is a terminal. Colours follow NO_COLOR and FORCE_COLOR.
`

const COMMANDS = {
  snapshot: `tidemark snapshot --pid PID [--signal SIGUSR2] [--out FILE] [--full] [--force]
                   [--timeout SECONDS] [--json]

Asks a process for a heap snapshot, by the signal that it was started to hear: with
tidemark.start({ signal: 'SIGUSR2' }), or with tidemark/register preloaded and
TIDEMARK_SIGNAL=SIGUSR2. A forked child of it writes the file; the process goes on.

Linux only. Before it sends anything the command proves from /proc that the process has loaded
tidemark and catches the signal, which would end it otherwise. It works from outside into a
container, and as root on a process of another user.

  --signal NAME      the signal that the process was started to hear; not SIGUSR1, which opens
                     Node's debugger
  --out FILE         where the process writes it; in a container the absolute path that it sees.
                     Default: a new name in the current folder of the process
  --full             with the contents of strings, which may be what users typed; without it they
                     become their lengths
  --force            also where memory seems to be too little: the forked child is what ends then;
                     replaces FILE where it is there already
  --timeout SECONDS  what it may take; 600
  --json             pid, path, reach (the path from here), redacted, bytes, method, pauseMs,
                     durationMs; or pid, error: { code, message, reason, need, available }, and
                     exit code 1

Ctrl-C ends the waiting, not the snapshot. The request is a file in the /tmp of the process that
nobody else can write; it is gone as soon as the process has read it.
`,
  ps: `tidemark ps [DIR] [--watch] [--all] [--json] [--format md]

One line for each process and thread that records itself in DIR (or $TIDEMARK_RECORDER), by
tidemark.start({ recorder: DIR }) or TIDEMARK_RECORDER=DIR: its state, the heap after the last full
GC, resident memory and the nearest limit, growth, the time left and the first suspect. The worst off
stand on top. Processes that are gone follow, with how they ended. Files belong to the user whose
process wrote them, and only yours are shown: what runs as another user is seen by that user.

  --watch   again every second, until Ctrl-C
  --all     all that are gone, not only the last 10
  --json    processes: an array, and unreadable: files that say nothing
`,
  dashboard: `tidemark dashboard [DIR] [--port N]

A live page of all processes and threads that record themselves in DIR (or $TIDEMARK_RECORDER), by
tidemark.start({ recorder: DIR }) or TIDEMARK_RECORDER=DIR: the living, and how the dead ended. It
prints its address, which only this machine reaches, and serves it until Ctrl-C. It changes nothing.

  --port N   the port; without it one that is free
`,
  recorder: `tidemark recorder FILE [--html FILE] [--json] [--format md]

What a process recorded until its end, or until now: who it is, a chart of each thread with the trend
and the limit, changes of state, what was told of leaks, and how it ended. Records that are torn are
skipped, and counted.

  --html FILE   the same as a page that loads nothing
  --json        all of it, with every reading
`,
  leaks: `tidemark leaks [DIR] [--pid PID] [--json] [--format md]

The leaks that processes which record themselves in DIR (or $TIDEMARK_RECORDER) have reported, the
newest first: the sentence of the 'leak' event and the first suspects. One that was reported again,
as it got worse or more was found, is one.

  --pid PID   of this process alone
`,
  check: `tidemark check APP [--url PATH] ... [--requests N] [--connections N] [--budget MS]
               [--status CODE] [--port N] [--json] [--format md] [-- ARGUMENTS]

Runs an app by its own entry, app.js, with the Node.js that runs this command. When it listens, each
path is requested in rounds that double; after each round, in the app, garbage is collected and
memory is read, and heap snapshots show which objects became more and who holds them. Needs the
package autocannon beside the app: npm install --save-dev autocannon

  --url PATH        /products/1, or 'POST /orders'; may be given often. Without it the GET routes
                    without parameters that an Express app has
  --requests N      of each path, in all rounds; 20000. Some 2,000 more are sent between snapshots
  --connections N   at a time; 10
  --budget MS       milliseconds for all of it; 60000
  --status CODE     the status that is meant to be answered; without it any from 200 to 399
  --port N          where the app listens on several
  -- ARGUMENTS      of the app

What the app writes is not shown. It runs in your environment: set NODE_ENV=production for what users
run, and PORT=0 where its port may be in use.

Exit code: 0 clean, 1 leaks, 2 undecided; 1 also where it could not be done, with the reason on
stderr and, with --json, { error: { code, message } }.
`,
  mcp: `tidemark mcp DIR ...

Answers the Model Context Protocol on stdin and stdout, for a coding agent: the tools processes,
leaks, snapshot_summary, snapshot_suspects, snapshot_path and snapshot_diff. Read-only. Reads files
within the folders that are named, or in $TIDEMARK_RECORDER, and no others. An answer has 5 kB at
most. Needs the package @modelcontextprotocol/sdk, which tidemark does not bring:

  npx -p tidemark -p @modelcontextprotocol/sdk tidemark mcp DIR
`,
  suspects: `tidemark suspects FILE
tidemark suspects BEFORE [...] AFTER [--json] [--html FILE] [--format md]

Says what looks like a leak and who holds it, the most convincing first.

One snapshot shows what is large. Two of the same process, taken minutes apart under load, show what
grows, and that is what a leak does: with two, only what grew is told. With more than two, the last
is compared with the first, and the classes that grew in every step are listed.

Confidence: high (0.95) is growth of an object that is the same in both; medium (0.7) is growth
that was matched by description (snapshots of different processes, or captured by fork), or a large
share of one heap held by the application's own code; low (0.3) is the rest. Exit code 2 when one
is medium or high.

  --format md   a report in Markdown, of 5 kB at most: the form that the option \`report\` writes of
                each leak. What looks like a secret is left out of it
`,
  summary: `tidemark summary FILE [--rows N] [--json] [--html FILE] [--format md]

What is in the heap: classes by the memory that they keep alive (retained), strings that are there
more than once, detached contexts. Numbers are those of Chrome DevTools.
`,
  diff: `tidemark diff BEFORE AFTER [--rows N] [--json] [--format md]

What became more from one snapshot to the other, class by class. Objects are matched by V8's ids
when both come from one process, else by structure: class and what holds it.
`,
  path: `tidemark path FILE --node ID [--json] [--format md]
tidemark path FILE --class NAME [--json] [--format md]

Why an object lives: the chain of references from the root that explains it best. ID is the number
behind the @ in DevTools and in the other commands. With --class, the object of the class that keeps
most memory alive.
`,
  convert: `tidemark convert FILE --out FILE [--redact | --strip] [--force]

A copy to hand on. What users typed is in the contents of strings: --redact (the default) leaves
their lengths, --strip nothing. Names of classes, properties, functions and files stay, and so do
keys that the program made of user data. The copy opens in DevTools; it is there whole or not at
all, and only its owner can read it. A file that is there already is replaced only with --force.
`
}

/** @param {string} [command] */
function help (command) {
  return COMMANDS[command] ?? GENERAL
}

module.exports = { help }
