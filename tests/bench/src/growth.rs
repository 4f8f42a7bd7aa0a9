//! Whether what an order costs grows: with its lines, with how many orders a process has served, and with how long and how
//! often its message waited.

mod backlog;
mod lines;
mod served;

use anyhow::Result;

use crate::{
    count::Counter,
    folder::Folder,
    program::{Job, Program},
    report::{aligned, verdicts},
    way::Sink,
};

const METHOD: &str = "CPU is what the kernel counts for the process, medians; instructions are valgrind's; fulfill-orders writes each 10 ms.
What is stored already changes no call: an order is one PutItem on the condition that there is none of its own key, and a
question for an order is one GetItem of that key. A call more ends the run with an error.
";

/// Measures, and prints tables and verdicts.
pub(crate) async fn measure(functions: &[Program]) -> Result<()> {
    let sink = Sink::start().await?;
    let folder = Folder::new()?;
    print!("{METHOD}");
    if !Counter::Instructions.is_here() {
        println!("Instructions are not counted: there is no valgrind.");
    }
    let mut goals = Vec::new();
    for program in functions.iter().filter(|program| program.job != Job::Read) {
        let costs = lines::measure(program, &sink, folder.path()).await?;
        println!("\n{}: by the lines of an order", program.name);
        print!("{}", aligned(&lines::table(&costs)));
        goals.extend(lines::goals(program.name, &costs));

        for (trace, how) in served::ways(program.job) {
            let blocks = served::measure(program, &sink, trace).await?;
            println!("\n{}: by the orders before{how}", program.name);
            print!("{}", aligned(&served::table(&blocks)));
            goals.extend(served::goals(program.name, how, &blocks));
        }

        if program.job == Job::Fulfill {
            let waits = backlog::measure(program, &sink).await?;
            println!("\n{}: by how its messages waited", program.name);
            print!("{}", aligned(&backlog::table(&waits)));
            goals.push(backlog::goal(&waits));
        }
    }
    print!("\n{}", verdicts(&goals));
    Ok(())
}
