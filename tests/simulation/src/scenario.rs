//! What happens in a run: how much load, which faults, when. All of it follows from a seed.

use fastrand::Rng;

use crate::mistake::Mistake;

/// One run. Rates are per thousand of the calls they apply to, times are seconds of virtual time.
#[derive(Clone, PartialEq, Debug)]
pub struct Scenario {
    /// All random choices of the run follow from it.
    pub seed: u64,
    /// How many customers there are.
    pub customers: usize,
    /// How many orders they want to make, all within the first minute or two.
    pub orders: usize,
    /// Orders without an idempotency key.
    pub keyless: usize,
    /// Orders that storage refuses or never answers for, or that make their processing panic.
    pub marked: usize,
    /// Whether one order kills the process that handles it.
    pub killer: bool,
    /// Requests that break a rule.
    pub unfit: usize,
    /// Orders sent with a second content under the same key.
    pub reused_keys: usize,
    /// Orders whose content equals another's of the same customer, under a key of their own.
    pub twins: usize,
    /// Requests sent twice at once, or again after their answer.
    pub sent_twice: usize,
    /// Messages that never came from us, put into the queues.
    pub injected: usize,
    /// Invocations of a lane at the same time.
    pub concurrency: usize,
    /// Records in a batch, at most.
    pub batch_size: usize,
    /// The time between two writes of an invocation, in milliseconds.
    pub interval: u64,
    /// When a message that was not acknowledged is visible again. The template has 361; a shorter time is harder.
    pub visibility: u64,
    /// Requests that a customer makes himself, with a token.
    pub tokens: usize,
    /// Customers who order for another, or at a price of their own.
    pub thieves: usize,
    /// Customers who then look at some order, their own or another's.
    pub looks: usize,
    /// Requests that meet a function for which one of their products is hot.
    pub hot: usize,
    /// When faults stop. After that everything must be finished within [`crate::world::BOUND`].
    pub faults_end: u64,
    /// When storage is down: from, and until.
    pub outage: Option<(u64, u64)>,
    /// Storage refuses calls.
    pub throttled: usize,
    /// Storage does not get the call, and no answer comes.
    pub calls_lost: usize,
    /// Storage carries the call out, perhaps late, and no answer comes.
    pub answers_lost: usize,
    /// Storage takes seconds.
    pub slow: usize,
    /// Whether storage is a relational database: its insert says whether the order is new, and another statement looks at the
    /// order that is there. All statements of a process go by one connection.
    pub database: bool,
    /// That connection ends, and so do all statements under way by it.
    pub connection_cut: usize,
    /// When a failover left the connection at a reader, which answers and takes no write: from, and until.
    pub read_only: Option<(u64, u64)>,
    /// When somebody's lock makes each write wait until the database gives it up: from, and until.
    pub locked: Option<(u64, u64)>,
    /// SNS fails, with or without having taken the message.
    pub publish_fails: usize,
    /// SNS delivers a message more than once.
    pub delivered_twice: usize,
    /// Raw delivery is off or a tool stands between: a message comes wrapped, or encoded twice.
    pub wrapped: usize,
    /// SNS gives a message up and puts it into the subscription's dead-letter queue.
    pub undeliverable: usize,
    /// SQS shows a message again though it is in flight or deleted.
    pub shown_twice: usize,
    /// SQS does not do what the consumer asks, or does it without an answer.
    pub queue_fails: usize,
    /// The event source's acknowledgement is lost.
    pub acknowledgements_lost: usize,
    /// The answer to a client is lost.
    pub responses_lost: usize,
    /// Invocations that end in the middle.
    pub crashes: usize,
    /// How wrong the clocks are, in milliseconds.
    pub skew: i64,
    /// Whether a new secret is used before the consumers know it.
    pub rotation: Option<(u64, u64)>,
    /// A process crashes at this step of the run.
    pub crash_at: Option<u64>,
    /// The mistake that is built in on purpose.
    pub mistake: Option<Mistake>,
}

impl Scenario {
    /// A run without any fault.
    pub fn calm(seed: u64) -> Self {
        Self {
            seed,
            customers: 3,
            orders: 12,
            keyless: 0,
            marked: 0,
            killer: false,
            unfit: 0,
            reused_keys: 0,
            twins: 0,
            sent_twice: 0,
            injected: 0,
            concurrency: 2,
            batch_size: 10,
            interval: 10,
            visibility: 361,
            tokens: 0,
            thieves: 0,
            looks: 0,
            hot: 0,
            faults_end: 120,
            outage: None,
            throttled: 0,
            calls_lost: 0,
            answers_lost: 0,
            slow: 0,
            database: false,
            connection_cut: 0,
            read_only: None,
            locked: None,
            publish_fails: 0,
            delivered_twice: 0,
            wrapped: 0,
            undeliverable: 0,
            shown_twice: 0,
            queue_fails: 0,
            acknowledgements_lost: 0,
            responses_lost: 0,
            crashes: 0,
            skew: 0,
            rotation: None,
            crash_at: None,
            mistake: None,
        }
    }

    /// The scenario of a seed. Each kind of fault occurs in some runs and not in others, seldom or often.
    pub fn of(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let mut rate = |most: usize| match rng.u8(..4) {
            0 | 1 => 0,
            2 => rng.usize(..=most / 5),
            _ => rng.usize(..=most),
        };
        let mut scenario = Self {
            keyless: rate(500),
            marked: rate(300),
            unfit: rate(200),
            reused_keys: rate(400),
            twins: rate(400),
            sent_twice: rate(600),
            injected: rate(6),
            hot: rate(1_000),
            throttled: rate(700),
            calls_lost: rate(300),
            answers_lost: rate(500),
            slow: rate(500),
            publish_fails: rate(700),
            delivered_twice: rate(700),
            undeliverable: rate(200),
            shown_twice: rate(500),
            queue_fails: rate(700),
            acknowledgements_lost: rate(500),
            responses_lost: rate(500),
            crashes: rate(500),
            ..Self::calm(seed)
        };
        scenario.killer = rng.u8(..40) == 0;
        scenario.customers = rng.usize(1..=4);
        scenario.orders = rng.usize(1..=24);
        scenario.concurrency = rng.usize(1..=4);
        scenario.batch_size = if rng.u8(..8) == 0 {
            64
        } else {
            rng.usize(1..=10)
        };
        scenario.interval = rng.u64(10..=200);
        scenario.visibility = if rng.bool() { 361 } else { rng.u64(20..=361) };
        scenario.faults_end = rng.u64(60..=600);
        scenario.skew = if rng.bool() {
            0
        } else {
            rng.i64(-120_000..=120_000)
        };
        if rng.u8(..3) == 0 {
            let start = rng.u64(..60);
            // Seldom for hours: those runs are long.
            let length = if rng.u8(..20) == 0 { 4 * 3_600 } else { 600 };
            let end = start + rng.u64(1..length);
            scenario.outage = Some((start, end));
            scenario.faults_end = scenario.faults_end.max(end);
        }
        if rng.u8(..8) == 0 {
            let start = rng.u64(..60);
            scenario.rotation = Some((start, start + rng.u64(1..300)));
            scenario.faults_end = scenario.faults_end.max(start + 300);
        }
        if rng.u8(..4) == 0 {
            scenario.wrapped = rng.usize(..=1_000);
        }
        if rng.bool() {
            scenario.use_database(&mut rng);
        }
        if rng.bool() {
            scenario.tokens = rng.usize(..=1_000);
            scenario.thieves = rng.usize(..=200);
            scenario.looks = rng.usize(..=500);
        }
        scenario
    }

    /// A database in place of the table, with what may happen to one.
    fn use_database(&mut self, rng: &mut Rng) {
        self.database = true;
        self.connection_cut = if rng.bool() { 0 } else { rng.usize(..=200) };
        for while_it_lasts in [&mut self.read_only, &mut self.locked] {
            if rng.u8(..3) == 0 {
                let start = rng.u64(..60);
                let end = start + rng.u64(1..120);
                *while_it_lasts = Some((start, end));
                self.faults_end = self.faults_end.max(end);
            }
        }
    }

    /// Every scenario that is simpler than this one in one respect.
    pub fn simpler(&self) -> Vec<Self> {
        let calm = Self::calm(self.seed);
        let changes: [&dyn Fn(&mut Self); 35] = [
            &|s| s.orders /= 2,
            &|s| s.orders = s.orders.saturating_sub(1),
            &|s| s.customers = 1,
            &|s| s.keyless = 0,
            &|s| s.marked = 0,
            &|s| s.killer = false,
            &|s| s.unfit = 0,
            &|s| s.reused_keys = 0,
            &|s| s.twins = 0,
            &|s| s.sent_twice = 0,
            &|s| s.injected = 0,
            &|s| s.tokens = 0,
            &|s| s.thieves = 0,
            &|s| s.looks = 0,
            &|s| s.hot = 0,
            &|s| s.outage = None,
            &|s| s.throttled = 0,
            &|s| s.calls_lost = 0,
            &|s| s.answers_lost = 0,
            &|s| s.slow = 0,
            &|s| s.connection_cut = 0,
            &|s| s.read_only = None,
            &|s| s.locked = None,
            &|s| {
                (s.database, s.connection_cut) = (false, 0);
                (s.read_only, s.locked) = (None, None);
            },
            &|s| s.publish_fails = 0,
            &|s| s.delivered_twice = 0,
            &|s| s.wrapped = 0,
            &|s| s.undeliverable = 0,
            &|s| s.shown_twice = 0,
            &|s| s.queue_fails = 0,
            &|s| s.acknowledgements_lost = 0,
            &|s| s.responses_lost = 0,
            &|s| s.crashes = 0,
            &|s| (s.skew, s.rotation) = (0, None),
            &|s| {
                (s.concurrency, s.batch_size) = (calm.concurrency, calm.batch_size);
                (s.interval, s.visibility) = (calm.interval, calm.visibility);
            },
        ];
        let mut simpler = Vec::new();
        for change in changes {
            let mut scenario = self.clone();
            change(&mut scenario);
            if scenario != *self {
                simpler.push(scenario);
            }
        }
        simpler
    }
}
