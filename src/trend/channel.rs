//! Where memory can grow, and what the detector thinks of it.

/// One quantity that is watched on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Channel {
    /// The JavaScript heap after a full GC.
    Heap = 0,
    /// Buffers, `ArrayBuffers` and what addons declared.
    External = 1,
    /// What is resident, but neither V8's nor declared: malloc, stacks, addons.
    Native = 2,
    /// Active handles and requests: a count, not bytes.
    Resources = 3,
}

/// Every channel, the most telling first.
pub const CHANNELS: [Channel; 4] = [
    Channel::Heap,
    Channel::External,
    Channel::Native,
    Channel::Resources,
];

impl Channel {
    /// The word that users see.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Heap => "heap",
            Self::External => "external",
            Self::Native => "native",
            Self::Resources => "resources",
        }
    }

    /// Whether sizes on this channel are bytes.
    #[must_use]
    pub const fn is_bytes(self) -> bool {
        !matches!(self, Self::Resources)
    }
}

/// What the detector thinks of a channel, mildest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum State {
    /// Too little is known.
    #[default]
    Settling = 0,
    /// No growth that means anything.
    Steady = 1,
    /// It rises, but something still speaks for a harmless reason.
    Suspect = 2,
    /// It rises and nothing harmless explains it.
    Leaking = 3,
}

impl State {
    /// The word that users see.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Settling => "settling",
            Self::Steady => "steady",
            Self::Suspect => "suspect",
            Self::Leaking => "leaking",
        }
    }
}
