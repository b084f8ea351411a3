//! Files by plain system calls that block: what any runtime's detour is to be worth.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;

use peers::files::{PIECE, Plan, check_piece, check_small, measured_now};
use peers::program::Program;
use peers::reads::BLOCK;

pub(crate) fn run(program: Program) -> io::Result<()> {
    match program.work.as_str() {
        "open" => measured_now(program, open),
        "scan" => measured_now(program, scan),
        "fill" => measured_now(program, fill),
        work => program.args.refuse(work),
    }
}

fn open(plan: &Plan) -> io::Result<()> {
    let mut block = [0; BLOCK];
    for number in 0..plan.operations() {
        let n = File::open(plan.small(number))?.read(&mut block)?;
        check_small(&block[..n], number);
    }
    Ok(())
}

fn scan(plan: &Plan) -> io::Result<()> {
    let file = File::open(&plan.path)?;
    let mut piece = vec![0; PIECE];
    for number in 0..plan.operations() {
        let place = plan.place(number);
        let n = file.read_at(&mut piece, place)?;
        check_piece(&piece[..n], place);
    }
    Ok(())
}

fn fill(plan: &Plan) -> io::Result<()> {
    let file = File::options().write(true).open(&plan.path)?;
    let mut piece = vec![0; PIECE];
    for number in 0..plan.operations() {
        let place = plan.place(number);
        plan.mark(&mut piece, place);
        file.write_all_at(&piece, place)?;
    }
    Ok(())
}
