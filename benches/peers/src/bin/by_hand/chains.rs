//! Files in one loop: what belongs together goes to the kernel at once, as a chain of linked
//! operations, and only its last one answers unless something fails. A log goes in two steps
//! instead, all writes and then all syncs: more of these share a commit of the file system.
//!
//! # Invariants
//!
//! - **I1** The memory of all slots, their paths included, lives until no chain is in flight: after
//!   an error, for ever.
//! - **I2** A slot has at most one chain in flight, and touches its part only between chains.
#![allow(unsafe_code, reason = "the kernel reads and writes the buffers")]

use std::cell::Cell;
use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStringExt;

use io_uring::squeue::{Entry, Flags};
use io_uring::types::{DestinationSlot, Fd, Fixed, FsyncFlags};
use io_uring::{IoUring, opcode};
use peers::files::{PIECE, Plan, check_piece, check_small, measured_now};
use peers::program::Program;
use peers::reads::BLOCK;

/// What a chain is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Work {
    /// Open, read, close, by a direct descriptor.
    Open,
    Scan,
    Fill,
    /// Writes, then fdatasyncs.
    Log,
}

/// A chain's number, and its file's name.
struct Slot {
    number: u64,
    path: CString,
}

struct Chains<'a> {
    plan: &'a Plan,
    work: Work,
    ring: IoUring,
    memory: *mut u8,
    /// Bytes of a slot.
    part: usize,
    next: Cell<u64>,
}

/// The file that is not opened by the chain itself, in the ring's table.
const FILE: Fixed = Fixed(0);

pub(crate) fn run(program: Program) -> io::Result<()> {
    let work = match program.work.as_str() {
        "open" => Work::Open,
        "scan" => Work::Scan,
        "fill" => Work::Fill,
        _ => Work::Log,
    };
    measured_now(program, |plan| all(plan, work))
}

fn all(plan: &Plan, work: Work) -> io::Result<()> {
    let slots = plan.tasks as usize;
    let mut builder = IoUring::builder();
    builder.setup_single_issuer().setup_defer_taskrun().setup_submit_all();
    let ring = builder.build((4 * slots as u32).next_power_of_two())?;
    let file = match work {
        Work::Open => None,
        Work::Scan => Some(File::open(&plan.path)?),
        Work::Fill => Some(File::options().write(true).open(&plan.path)?),
        Work::Log => Some(File::create(&plan.path)?),
    };
    match &file {
        Some(file) => ring.submitter().register_files(&[file.as_raw_fd()])?,
        None => ring.submitter().register_files_sparse(slots as u32)?,
    }
    let part = if matches!(work, Work::Scan | Work::Fill) { PIECE } else { BLOCK };
    let mut bytes = vec![0_u8; part * slots + BLOCK];
    let begin = bytes.as_ptr().align_offset(BLOCK);
    let memory = bytes[begin..].as_mut_ptr();
    let whole = libc::iovec { iov_base: memory.cast(), iov_len: slots * part };
    // SAFETY: I1.
    unsafe { ring.submitter().register_buffers(&[whole])? };
    let mut chains = Chains { plan, work, ring, memory, part, next: Cell::new(0) };
    let slots = (0..slots).map(|_| Slot { number: 0, path: CString::default() });
    let mut slots: Vec<_> = slots.collect();
    let outcome = if work == Work::Log { chains.log(slots.len()) } else { chains.run(&mut slots) };
    if outcome.is_err() {
        // I1: chains may be in flight.
        std::mem::forget((bytes, slots));
    }
    outcome
}

impl Chains<'_> {
    fn run(&mut self, slots: &mut [Slot]) -> io::Result<()> {
        for (index, slot) in slots.iter_mut().enumerate() {
            self.begin(slot, index)?;
        }
        let mut left = self.plan.operations();
        while left > 0 {
            self.ring.submit_and_wait(1)?;
            loop {
                let Some(answer) = self.ring.completion().next() else { break };
                if answer.result() < 0 {
                    return Err(io::Error::from_raw_os_error(-answer.result()));
                }
                let index = answer.user_data() as usize;
                self.ended(&slots[index], index);
                left -= 1;
                self.begin(&mut slots[index], index)?;
            }
        }
        Ok(())
    }

    /// A block in each slot, and a sync for each.
    fn log(&mut self, slots: usize) -> io::Result<()> {
        for first in (0..self.plan.operations()).step_by(slots) {
            for index in 0..slots {
                let place = (first + index as u64) * BLOCK as u64;
                let plan = self.plan;
                let bytes = self.bytes(index);
                plan.mark(bytes, place);
                let (buf, len) = (bytes.as_mut_ptr(), BLOCK as u32);
                self.push(&opcode::WriteFixed::new(FILE, buf, len, 0).offset(place).build());
            }
            self.answered(slots, BLOCK as i32)?;
            for _ in 0..slots {
                let sync = opcode::Fsync::new(FILE).flags(FsyncFlags::DATASYNC);
                self.push(&sync.build());
            }
            self.answered(slots, 0)?;
        }
        Ok(())
    }

    /// Waits until all have answered, each with this result.
    fn answered(&mut self, slots: usize, result: i32) -> io::Result<()> {
        self.ring.submit_and_wait(slots)?;
        for _ in 0..slots {
            match self.ring.completion().next().map(|answer| answer.result()) {
                Some(found) if found == result => {}
                Some(error @ ..0) => return Err(io::Error::from_raw_os_error(-error)),
                _ => return Err(io::ErrorKind::WriteZero.into()),
            }
        }
        Ok(())
    }

    /// A slot's part of the memory.
    fn bytes(&mut self, index: usize) -> &mut [u8] {
        let part = self.memory.wrapping_add(index * self.part);
        // SAFETY: I1, I2: callers come between chains. The memory was zeroed at first.
        unsafe { std::slice::from_raw_parts_mut(part, self.part) }
    }

    /// Starts the next chain, if there is one.
    fn begin(&mut self, slot: &mut Slot, index: usize) -> io::Result<()> {
        let number = self.next.replace(self.next.get() + 1);
        if number >= self.plan.operations() {
            return Ok(());
        }
        slot.number = number;
        let plan = self.plan;
        let place = if self.work == Work::Open {
            slot.path = CString::new(plan.small(number).into_os_string().into_vec())?;
            0
        } else {
            plan.place(number)
        };
        if self.work == Work::Fill {
            plan.mark(self.bytes(index), place);
        }
        let (buf, len) = (self.bytes(index).as_mut_ptr(), self.part as u32);
        match self.work {
            Work::Open => {
                let file = Fixed(index as u32);
                let target = DestinationSlot::try_from_slot_target(file.0)
                    .map_err(|_| io::Error::other("more slots than the kernel has"))?;
                let open = opcode::OpenAt::new(Fd(libc::AT_FDCWD), slot.path.as_ptr());
                self.push(&silent(open.file_index(Some(target)).build()));
                let read = opcode::ReadFixed::new(file, buf, len, 0).build();
                self.push(&silent(read));
                self.push(&opcode::Close::new(file).build().user_data(index as u64));
            }
            Work::Scan => {
                let read = opcode::ReadFixed::new(FILE, buf, len, 0).offset(place).build();
                self.push(&read.user_data(index as u64));
            }
            // A log has no chains.
            Work::Fill | Work::Log => {
                let write = opcode::WriteFixed::new(FILE, buf, len, 0).offset(place).build();
                self.push(&write.user_data(index as u64));
            }
        }
        Ok(())
    }

    fn push(&mut self, entry: &Entry) {
        let mut queue = self.ring.submission();
        // SAFETY: I1, I2.
        unsafe { queue.push(entry) }.expect("there are entries for every slot's chain");
    }

    /// Looks at what a chain has read.
    fn ended(&mut self, slot: &Slot, index: usize) {
        let (number, plan) = (slot.number, self.plan);
        match self.work {
            Work::Open => check_small(self.bytes(index), number),
            Work::Scan => check_piece(self.bytes(index), plan.place(number)),
            Work::Fill | Work::Log => {}
        }
        // So that what the next one leaves out is seen.
        self.bytes(index)[..8].fill(0);
    }
}

/// Linked to the next one, and answered only if it fails, with an index that no slot has.
fn silent(entry: Entry) -> Entry {
    entry.flags(Flags::IO_LINK | Flags::SKIP_SUCCESS)
}
