//! `sluice copy`, and the addresses that it and `sluice migrate` take.

use serde_json::json;
use sluice_order::{Order, OrderKey, Timestamp};
use sluice_testing::postgres::Postgres;

use crate::{
    run::{self, Ran, Scratch},
    service::{Service, store},
};

/// What is no address of a database.
const WRONG: [&str; 9] = [
    "",
    "Table",
    "http://u:geheim@h/d",
    "postgres:u:geheim",
    "postgres://u:geheim@h:port/d",
    "postgres://u:geheim@h/d?sslmode=disable",
    "postgres://u:geheim@h1,h2/d",
    "mysql://u:geheim@h",
    "geheim",
];

/// Runs the command without a service, with these variables.
async fn with(arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
    let mut command = run::command(arguments);
    command.envs(variables.iter().copied());
    run::run(command).await
}

fn shows_no_password(ran: &Ran) {
    assert!(!ran.out.contains("geheim"), "{}", ran.out);
    assert!(!ran.err.contains("geheim"), "{}", ran.err);
}

#[tokio::test]
async fn no_wrong_address_is_shown() {
    const GOOD: &str = "mysql://u@127.0.0.1:1/d";
    for wrong in WRONG {
        let of_option = [
            (&["copy", "--from", wrong, "--to", GOOD][..], "--from"),
            (&["copy", "--from", GOOD, "--to", wrong], "--to"),
            (&["migrate", "--database-url", wrong], "--database-url"),
        ];
        for (arguments, option) in of_option {
            let ran = with(arguments, &[]).await;
            assert_eq!(ran.code, Some(2), "{arguments:?} {ran:?}");
            assert!(
                ran.err.contains(&format!("error: {option} is n")),
                "{}",
                ran.err
            );
            shows_no_password(&ran);
        }
        let of_variable = [
            (&["copy", "--to", GOOD][..], "SLUICE_COPY_FROM"),
            (&["copy", "--from", GOOD], "SLUICE_COPY_TO"),
            (&["migrate"], "DATABASE_URL"),
        ];
        for (arguments, variable) in of_variable {
            let ran = with(arguments, &[(variable, wrong)]).await;
            assert_eq!(ran.code, Some(2), "{arguments:?} {ran:?}");
            shows_no_password(&ran);
        }
    }
    for arguments in [
        &["copy", "postgres://u:geheim@h/d"][..],
        &["migrate", "postgres://u:geheim@h/d"],
        &["copy", "--form=postgres://u:geheim@h/d"],
    ] {
        let ran = with(arguments, &[]).await;
        assert_eq!(ran.code, Some(2), "{arguments:?} {ran:?}");
        shows_no_password(&ran);
    }
}

#[tokio::test]
async fn a_database_on_another_machine_needs_its_region() {
    let profile = Scratch::of("[default]\nregion = eu-west-9\n");
    let far = "postgres://u:geheim@db.example/d";
    let near = "mysql://u@127.0.0.1:1/d";
    for arguments in [
        &["copy", "--from", far, "--to", near][..],
        &["copy", "--from", near, "--to", far],
        &["migrate", "--database-url", far],
    ] {
        for (variables, told) in [
            (&[][..], "Next: set AWS_REGION to the database's region"),
            (
                &[("AWS_REGION", "il-central-1")],
                "RDS's authorities of \"il-central-1\" are not known here",
            ),
            (
                &[("AWS_DEFAULT_REGION", "il-central-1")],
                "authorities of \"il-central-1\" are not",
            ),
            (
                &[("AWS_CONFIG_FILE", &*profile.0)],
                "authorities of \"eu-west-9\" are not",
            ),
        ] {
            let ran = with(arguments, variables).await;
            assert_eq!(ran.code, Some(2), "{arguments:?} {ran:?}");
            assert!(ran.err.contains(told), "{arguments:?} {}", ran.err);
            assert_eq!(ran.err.matches("Next").count(), 1, "{}", ran.err);
            shows_no_password(&ran);
        }
    }
    // What the stack was found with counts, too.
    let service = Service::start().await;
    let mut command = service.command(&["copy", "--from", "table", "--to", far]);
    command
        .env("AWS_CONFIG_FILE", &profile.0)
        .env_remove("AWS_REGION");
    let ran = run::run(command).await;
    assert!(ran.err.contains("\"eu-west-9\""), "{}", ran.err);
}

#[tokio::test]
async fn an_item_that_is_not_ours_is_named_at_once() {
    let service = Service::start().await;
    let foreign = json!({"order_key": "foreign-1", "record": "order", "customer_id": "geheim"});
    service.state().table.push(foreign);
    let to = "mysql://u@127.0.0.1:1/d";
    for more in [&[][..], &["--compare"]] {
        service.state().asked.clear();
        let arguments = [&["copy", "--from", "table", "--to", to], more].concat();
        let ran = service.run(&arguments).await;
        assert_eq!(ran.code, Some(1), "{ran:?}");
        let named = "in --from the item with order_key \"foreign-1\" and record \"order\" is not one of ours";
        assert!(ran.err.contains(named), "{}", ran.err);
        assert!(ran.err.contains("Next: remove or mend it"), "{}", ran.err);
        let state = service.state();
        let scans = state.asked.iter().filter(|asked| *asked == "Scan");
        assert_eq!(scans.count(), 1, "it is not read again");
        shows_no_password(&ran);
    }
}

#[tokio::test]
async fn a_mark_of_another_storage_is_wrong_usage() {
    let service = Service::start().await;
    let far = ["copy", "--from", "table", "--to", "mysql://u@127.0.0.1:1/d"];
    let back = ["copy", "--from", "mysql://u@127.0.0.1:1/d", "--to", "table"];
    for (places, mark) in [(far, "orders,"), (back, "AQEBAQEBAQEBAQEB order")] {
        let ran = service
            .run(&[&places[..], &["--after", mark]].concat())
            .await;
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(
            ran.err.contains("--after is no place of this storage"),
            "{}",
            ran.err
        );
    }
}

#[tokio::test]
async fn a_table_is_copied_to_a_database_and_both_are_the_same() {
    let Some(server) = Postgres::start(&[]) else {
        return;
    };
    let url = format!("postgres://postgres@127.0.0.1:{}/postgres", server.port());
    let service = Service::start().await;
    for n in 0..3 {
        let order = Order::sample().customer("moving").order();
        store(
            &mut service.state(),
            OrderKey::from([n; 12]),
            &order,
            Timestamp::from_millis(1_795_000_000_000),
        );
    }
    let ran = service.run(&["migrate", "--database-url", &url]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let places = ["copy", "--from", "table", "--to", &url];
    let ran = service.run(&places).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(
        ran.out,
        "copied   3 orders and 0 rejections, where 0 orders were there already and 0 stand there with other content\n\
         same     3 orders and 0 rejections in both\n"
    );
    let ran = service.run(&[&places[..], &["--json"]].concat()).await;
    let outcome: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(outcome["copied"]["there_already"], 3, "{outcome:#}");
    assert_eq!(outcome["compared"]["orders"]["same"], 3, "{outcome:#}");
}
