//! The operator's command: post an order, see where one stands, replay sales and check storage, handle dead letters,
//! plan a sale, pause a lane and see its pace, follow an order's trace.
//!
//! Everything it needs to know of a deployment it reads from the outputs of the `CloudFormation` stack
//! ([`stack`]), so it works the same on AWS and on a local stack. Calls to the API are signed ([`sign`])
//! and repeated until they are answered ([`api`]). [`replay`] is the proof of the service's promises: it
//! does not believe the API and looks into storage itself.

pub mod api;
mod args;
mod aws;
mod counts;
mod dlq;
mod failure;
mod lanes;
mod map;
mod output;
mod plan;
mod problem;
mod progress;
pub mod replay;
pub mod retry;
pub mod sign;
pub mod stack;
mod status;
mod submit;
mod trace;

pub use args::Arguments;
use args::Command;
pub use failure::{Exit, Failure};
use lanes::Turn;

/// Does what the arguments say.
pub async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let stack = arguments.stack;
    match arguments.command {
        Command::Submit(arguments) => submit::run(&stack, &arguments).await,
        Command::Status(arguments) => status::run(&stack, &arguments).await,
        Command::Replay(arguments) => replay::run(&stack, &arguments).await,
        Command::Dlq(arguments) => dlq::run(&stack, &arguments).await,
        Command::Pause(arguments) => lanes::turn(&stack, arguments.lane, Turn::Pause).await,
        Command::Resume(arguments) => lanes::turn(&stack, arguments.lane, Turn::Resume).await,
        Command::Pace(arguments) => lanes::pace(&stack, &arguments).await,
        Command::Trace(arguments) => trace::run(&stack, &arguments).await,
        Command::Map(arguments) => map::run(&arguments).await,
        Command::Plan(arguments) => plan::run(&arguments),
    }
}
