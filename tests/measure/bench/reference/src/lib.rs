//! The least that does the functions' jobs: no SDK, no framework, nothing at once.
//!
//! Each program in `bin/` answers the same invocation by the same call to AWS as the function that it is the floor of. It
//! has none of what that function is made for: no limits, no retries, no timeouts, no pace, no logs, no traces. So it says
//! what the job itself costs on a machine, and a function's ratio to it holds on others too.

pub mod clock;
pub mod http;
pub mod job;
pub mod runtime_api;
pub mod sign;
