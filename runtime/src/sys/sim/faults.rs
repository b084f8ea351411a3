//! What goes wrong, how often, and how often it did.

use std::fmt;

/// Declares the faults once: variant, name, method, what it is.
macro_rules! faults {
    ($($variant:ident $name:ident $what:literal,)+) => {
        /// One kind of fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Fault {
            $(#[doc = $what] $variant,)+
        }

        impl Fault {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Its name, that of the method of [`Faults`] that sets its rate.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($name),)+
                }
            }
        }

        impl Faults {
            $(
                #[doc = concat!($what, " The rate is that of each occasion, from 0 to 1.")]
                pub const fn $name(self, rate: f64) -> Self {
                    self.rate(Fault::$variant, rate)
                }
            )+
        }
    };
}

faults! {
    Delay delay "An operation that could complete at once takes its time.",
    Reorder reorder "Of what is ready, another operation than the first completes first.",
    Preempt preempt "Another thread runs although this one could go on.",
    ShortRead short_reads "A read or receive gives fewer bytes than there are.",
    ShortWrite short_writes "A write or send takes fewer bytes than there is room for.",
    Interrupted interrupted "An operation fails with `EINTR`.",
    Failure failures "An operation fails for no reason of its own (`EAGAIN`, `EBADF`, `EFAULT`, \
        `EINVAL`, `ENOMEM`, `EOPNOTSUPP`, `EPERM`, or `ECANCELED` that nobody asked for).",
    SpuriousReturn spurious_returns "`enter` comes back early, with nothing.",
    EnterAgain enter_again "`enter` has no memory for a request (`EAGAIN`).",
    ShortSubmit short_submits "`enter` takes fewer submissions than there are, and does not wait.",
    SmallQueue small_queues "The completion queue is full for a moment: what completes overflows.",
    CancelFirst cancel_last "A cancel's target completes before the cancel does.",
    CancelMiss cancel_misses "A cancel finds nothing (`ENOENT`), though its target is in flight.",
    CancelBusy cancel_busy "A cancel's target can't be cancelled just now (`EALREADY`).",
    CancelLate cancel_late "A cancel succeeds, and its target does, too.",
    NoBuffers no_buffers "There is no provided buffer for a moment (`ENOBUFS`).",
    ShortBundle short_bundles "A receive into several provided buffers uses fewer than it could.",
    MultishotEnd multishot_ends "A multishot operation ends after a result.",
    NonemptyLie nonempty_lies "A receive says wrongly whether more data waits, or an accept, more connections.",
    ConnAborted aborted_accepts "A connection is gone before it is accepted (`ECONNABORTED` and the like).",
    NoDescriptors no_descriptors "There is no descriptor left (`EMFILE`, `ENFILE`), or no memory for one.",
    Refused refused "A connect is refused.",
    Unreachable unreachable "A connect finds no way to the host, no port, no answer, or a filter.",
    BindError bind_errors "An address can't be had (`EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES`).",
    SendError send_errors "A send finds no memory (`ENOBUFS`, `ENOMEM`), that of a datagram \
        also no way (`EMSGSIZE`, `EHOSTUNREACH`, `ENETUNREACH`, `EPERM`).",
    Reset resets "A connection breaks: it is reset, or its peer does not answer any more.",
    SlowNet slow_network "A segment of a connection takes long.",
    LostDatagram lost_datagrams "A datagram is lost on its way.",
    DuplicatedDatagram duplicated_datagrams "A datagram arrives twice.",
    ReorderedDatagram reordered_datagrams "A datagram is overtaken by later ones.",
    PollSpurious spurious_polls "A poll says ready too early, for something of what was asked.",
    TimerSkew skewed_timers "A wait ends, or a timeout fires, a tick early or late.",
    ReadError read_errors "A read of a file fails (`EAGAIN`, `EIO`, `ENOMEM`, `ENXIO`), and has \
        written to its buffer.",
    WriteError write_errors "A write of a file fails (`EAGAIN`, `EFBIG`, `EIO`, `ENXIO`, `EPERM`, \
        `EROFS`, `ETXTBSY`).",
    DiskFull disk_full "A write finds the disk full, or its owner's part of it (`ENOSPC`, `EDQUOT`).",
    SyncError sync_errors "A sync fails (`EDQUOT`, `EIO`, `ENOSPC`, `EROFS`), and what it should \
        have written may be lost, although the next one succeeds.",
    OpenError open_errors "An open fails (`EACCES`, `EBUSY`, `EIO`, `ELOOP`, `ENOMEM`, `ENXIO`, \
        `EPERM`, `EROFS`, `ETXTBSY`).",
    PathError path_errors "A call on a path fails (`EACCES`, `EIO`, `ELOOP`, `ENOMEM`; a change \
        also `EBUSY`, `EDQUOT`, `ENOSPC`, `EPERM`, `EROFS`, `EXDEV`); what has several steps may \
        have done some.",
    WouldBlock would_block "A call that never waits says that it would.",
    Punt punts "A read that never waits is not supported by the file (tmpfs, procfs).",
    Poisoned dropped_completions "`enter` says that a completion was dropped for want of memory (`EBADR`).",
    StrayBuffer stray_buffers "On Linux 6.12, a failed read names a provided buffer that it did not take.",
    Stuck stuck_operations "An operation neither completes nor can be cancelled before its ring is closed.",
    LateNotification late_notifications "The notification of a zero-copy send comes late, so in any order among others.",
    OddNotification odd_notifications "The result of a notification is `i32::MIN`, which is no error.",
    UnnotifiedError unnotified_errors "A zero-copy send fails without a notification.",
    NoLockedMemory no_locked_memory "A zero-copy send finds no memory that may be locked (`ENOMEM`).",
    RefusedFlag refused_flags "A set-up flag of a ring is refused (`EINVAL`): the ring has less.",
    ScarceMemory scarce_memory "A ring finds no memory for a while (`ENOMEM`): it is waited for, or \
        the ring is smaller.",
    StartError start_errors "A ring can't be had at all (`EMFILE`, `ENFILE`, `ENOMEM`, `ENOSYS`, \
        `EPERM`); a simulation asks again.",
    RegisterError register_errors "Provided buffers can't be registered (`EBUSY`, `EEXIST`, \
        `ENOMEM`, `EPERM`), or memory can't be, or not be let go of (`ENOMEM`).",
    LinkTimeoutRace link_timeout_races "A link timeout fires as what it limits completes: both tell of it. Only tests of rings meet it.",
    MessageOverflow message_overflows "A message finds another ring's queue full, and no memory (`EOVERFLOW`). Only tests of rings meet it.",
    DuplicateWake duplicate_wakes "A message wakes its receiver once more, with nothing. Only tests of rings meet it.",
}

/// How often what goes wrong; nothing by default.
///
/// ```
/// # use sexton_runtime::sim::{Fault, Faults};
/// let faults = Faults::network().short_reads(0.5);
/// assert_eq!(faults.get(Fault::ShortRead), 0.5);
/// ```
#[derive(Clone, Copy, PartialEq)]
#[must_use]
pub struct Faults {
    rates: [f64; Fault::ALL.len()],
}

impl Default for Faults {
    fn default() -> Self {
        Self::none()
    }
}

impl Faults {
    /// Nothing goes wrong: all completes at once and in order.
    pub const fn none() -> Self {
        Self { rates: [0.0; Fault::ALL.len()] }
    }

    /// Nothing fails, but nothing is in order either: delays, short transfers, switches of threads,
    /// lost races of cancels, full queues. A correct program notices none of it.
    pub const fn scheduling() -> Self {
        Self::none()
            .delay(0.3)
            .reorder(0.3)
            .preempt(0.1)
            .short_reads(0.2)
            .short_writes(0.2)
            .spurious_returns(0.05)
            .enter_again(0.01)
            .short_submits(0.03)
            .small_queues(0.01)
            .cancel_last(0.3)
            .cancel_misses(0.1)
            .cancel_busy(0.1)
            .cancel_late(0.3)
            .no_buffers(0.03)
            .short_bundles(0.2)
            .multishot_ends(0.05)
            .nonempty_lies(0.05)
            .spurious_polls(0.05)
            .skewed_timers(0.05)
            .slow_network(0.1)
            .would_block(0.2)
            .stray_buffers(0.3)
            .punts(0.1)
            .late_notifications(0.5)
            .odd_notifications(0.3)
            .unnotified_errors(0.3)
            .no_locked_memory(0.1)
            .refused_flags(0.1)
            .scarce_memory(0.1)
            .register_errors(0.02)
    }

    /// What a network does: [`scheduling`](Self::scheduling), resets, refusals, addresses and
    /// buffers that are not to be had, lost datagrams.
    pub const fn network() -> Self {
        Self::scheduling()
            .slow_network(0.3)
            .interrupted(0.01)
            .resets(0.005)
            .refused(0.03)
            .unreachable(0.02)
            .bind_errors(0.02)
            .send_errors(0.005)
            .aborted_accepts(0.03)
            .lost_datagrams(0.05)
            .duplicated_datagrams(0.03)
            .reordered_datagrams(0.05)
            .no_descriptors(0.01)
    }

    /// What a disk does: [`scheduling`](Self::scheduling), errors of files and paths, a full disk.
    pub const fn disk() -> Self {
        Self::scheduling()
            .interrupted(0.01)
            .read_errors(0.01)
            .write_errors(0.01)
            .disk_full(0.01)
            .sync_errors(0.03)
            .open_errors(0.01)
            .path_errors(0.01)
            .no_descriptors(0.01)
    }

    /// Everything at once, and failures that no network and no disk is to blame for.
    pub const fn all() -> Self {
        Self::network()
            .failures(0.005)
            .start_errors(0.05)
            .read_errors(0.01)
            .write_errors(0.01)
            .disk_full(0.01)
            .sync_errors(0.03)
            .open_errors(0.01)
            .path_errors(0.01)
    }

    /// A set by its name: `none`, `scheduling`, `network`, `disk`, `all`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "none" => Self::none(),
            "scheduling" => Self::scheduling(),
            "network" => Self::network(),
            "disk" => Self::disk(),
            "all" => Self::all(),
            _ => return None,
        })
    }

    /// Sets the rate of one fault.
    pub const fn rate(mut self, fault: Fault, rate: f64) -> Self {
        self.rates[fault as usize] = rate;
        self
    }

    /// The rate of one fault.
    #[must_use]
    pub const fn get(&self, fault: Fault) -> f64 {
        self.rates[fault as usize]
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set = Fault::ALL.iter().filter(|fault| self.get(**fault) > 0.0);
        f.debug_map().entries(set.map(|fault| (fault.name(), self.get(*fault)))).finish()
    }
}

/// How often each fault occurred.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultCounts([u64; Fault::ALL.len()]);

impl Default for FaultCounts {
    fn default() -> Self {
        Self([0; Fault::ALL.len()])
    }
}

impl FaultCounts {
    /// How often this one occurred.
    #[must_use]
    pub fn get(&self, fault: Fault) -> u64 {
        self.0[fault as usize]
    }

    /// Counts one more.
    pub(super) fn count(&mut self, fault: Fault) {
        self.0[fault as usize] += 1;
    }

    /// Adds another run's.
    pub fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(sum, count)| *sum += count);
    }
}
