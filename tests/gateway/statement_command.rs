//! `nontax statement`, run as an operator runs it.

use jiff::Timestamp;
use nontax_gateway::domain::ChinaDate;

use crate::command::House;
use crate::statements::{paid, world};
use crate::stores::sqlite;
use crate::stub_platform::{OrderReply, StubPlatform, http};

fn statement<'a>(verb: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["statement", verb, "--party", "gz-finance"], more].concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_commands_download_show_and_list() {
    let test = sqlite().await;
    let (world, day) = world(&test).await;
    let order_id = paid(&test, &world, "1").await;
    world.simulator.set_clock(day.plus_days(2).instant_at(7).as_second());
    let house = House::new(&test.url, &world.url, "");
    let (day_text, before) = (day.to_string(), format!("{}..{day}", day.plus_days(-1)));

    let range = house.nontax(&statement("download", &["--day", &before, "--format", "json"])).await;
    assert_eq!((range.code, &range.json()["kept"]), (5, &"first".into()), "{}", range.err);
    assert!(range.err.contains("9205201"), "{}", range.err);
    let again = house.nontax(&statement("download", &["--day", &day_text])).await;
    assert!(again.code == 0 && again.out.contains("zip") && again.out.contains("the same as at"), "{}", again.err);
    let today = ChinaDate::at(Timestamp::now()).to_string();
    let early = house.nontax(&statement("download", &["--day", &today])).await;
    assert!(early.code == 2 && early.err.contains("is ready at"), "{}", early.err);

    let listed = house.nontax(&statement("list", &["--format", "json"])).await.json();
    assert_eq!((&listed["bill_date"], &listed["counts"]), (&day_text.as_str().into(), &true.into()));
    let prefix = listed["sha256"].as_str().unwrap()[..8].to_owned();
    let shown = house.nontax(&statement("show", &["--day", &day_text, "--sha256", &prefix])).await;
    assert_eq!(shown.code, 0, "{}", shown.err);
    assert!(
        shown.out.contains(&format!("SUCCESS order {order_id} of 200.00 yuan for 440100/001002/1")),
        "{}",
        shown.out
    );
    assert!(shown.out.contains("1 rows, 200.00 yuan paid, 0.00 yuan refunded; the summary agrees"), "{}", shown.out);
    let json = house.nontax(&statement("show", &["--day", &day_text, "--format", "json"])).await;
    let lines: Vec<serde_json::Value> = json.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&lines[0]["row"]["order_id"], &lines[0]["row"]["total_fee"]), (&order_id.into(), &20_000.into()));
    assert_eq!(lines.last().unwrap()["report"]["clean"], true);
    let nothing = house.nontax(&statement("show", &["--day", &day_text, "--mch-id", "1"])).await;
    assert!(nothing.code == 1 && nothing.err.contains("no such statement"), "{}", nothing.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_that_does_not_add_up_exits_6_and_tells_why() {
    let test = sqlite().await;
    let csv = "交易时间,商户订单号,交易状态,总金额\n`2017-09-25 09:39:03,`A,`SUCCESS,`0.02\n`2017-09-25,`B,`SUCCESS,`1\n\
                总交易单数,总交易额\n`2,`1.02\n";
    let platform = StubPlatform::start(OrderReply::Raw(http("200 OK", csv))).await;
    let house = House::new(&test.url, &platform.url, "");
    let of_day = ["--mch-id", "1", "--day", "20170925"];
    let kept = house.nontax(&statement("download", &of_day)).await;
    assert_eq!(kept.code, 0, "{}", kept.err);
    let shown = house.nontax(&statement("show", &[&of_day[..], &["--report-only"]].concat())).await;
    assert!(shown.code == 6 && shown.err.contains("3: Transaction time: \"2017-09-25\" is no time"), "{}", shown.err);
    assert_eq!(
        shown.out,
        "1 rows, 1 lines that cannot be read, 0.02 yuan paid, 0.00 yuan refunded; the summary states total_fee 102, and the \
         rows 2\n"
    );
    assert_eq!(house.nontax(&statement("show", &[&of_day[..], &["--raw"]].concat())).await.out, csv);
}
