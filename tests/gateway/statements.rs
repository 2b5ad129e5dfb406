//! Statements, downloaded from the simulated platform, kept by both stores, and read back.

use std::io::Read as _;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use nontax_gateway::app::statement::{
    DownloadStatementError, DownloadedStatement, KeptFile, StatementReport, StatementRows, StatementWish,
    download_statement,
};
use nontax_gateway::app::{Party, TokenKeeper};
use nontax_gateway::domain::{BillType, ChinaDate, Duties, Mode, OnRefusal, Role, StatementKind};
use nontax_gateway::envelope::sha256_hex;
use nontax_gateway::platform::{
    AppSecret, DOWNLOAD_BILL, Https, PlatformClient, PlatformError, TokenMode, TokenRequest,
};
use nontax_gateway::store::{KeptStatement, STATEMENT_CHUNK_BYTES, StatementFile, StatementKey, StoreError};
use nontax_gateway::wire::{Locale, RefundRequest, StatementRow};

use crate::book::{at, import, party, payable};
use crate::command::House;
use crate::database::{execute, texts};
use crate::served::{APP_SECRET, PlatformAccess};
use crate::simulated_world::World;
use crate::stores::{TestStore, on_both_stores, sqlite};
use crate::stub_platform::{OrderReply, StubPlatform, http};
use crate::weixin::{self, APPID};

/// The simulator's own merchant account.
const MCH_ID: &str = "1900016021";

fn finance(platform_url: &str) -> Party {
    let timeout = Duration::from_secs(20);
    let https = Https::new(platform_url, timeout).unwrap();
    let request = TokenRequest {
        https: https.clone(),
        appid: APPID.to_owned(),
        secret: AppSecret::new(APP_SECRET),
        mode: TokenMode::Stable,
    };
    let tokens = Arc::new(TokenKeeper::alone(request));
    Party {
        name: party(),
        appid: APPID.to_owned(),
        role: Role::Finance,
        duties: Duties::of(Role::Finance, Mode::DirectFinance).unwrap(),
        on_refusal: OnRefusal::Refund,
        locale: Locale::default(),
        key_ring: weixin::key_ring(),
        platform: Some(PlatformClient::new(https, APPID.to_owned(), tokens, timeout)),
    }
}

fn wish(bill_date: ChinaDate, mch_id: Option<&str>) -> StatementWish {
    StatementWish { bill_date, mch_id: mch_id.map(str::to_owned), bill_type: BillType::All }
}

/// Downloads at a time.
async fn downloaded(
    test: &TestStore,
    party: &Party,
    wish: &StatementWish,
    now: Timestamp,
) -> Result<DownloadedStatement, DownloadStatementError> {
    download_statement(&*test.store, party, wish, &|| now).await
}

/// All rows of a kept file, which has no bad ones.
async fn rows(test: &TestStore, file: &StatementFile) -> (Vec<StatementRow>, StatementReport) {
    let mut statement = StatementRows::open(Arc::clone(&test.store), file.clone()).await.unwrap();
    let mut rows = Vec::new();
    loop {
        let batch = statement.next(777).await.unwrap();
        if batch.is_empty() {
            return (rows, statement.report());
        }
        rows.extend(batch.into_iter().map(Result::unwrap));
    }
}

/// A simulated platform where it is noon, three days ago.
async fn world(test: &TestStore) -> (World, ChinaDate) {
    let world = World::start(&test.store, PlatformAccess::at(""), |settings| settings.timing.refund_seconds = 1).await;
    let day = ChinaDate::at(Timestamp::now()).plus_days(-3);
    world.simulator.set_clock(day.instant_at(12).as_second());
    (world, day)
}

async fn paid(test: &TestStore, world: &World, number: &str) -> String {
    import(&*test.store, payable(number)).await;
    let order_id = world.placed(number).await;
    assert_eq!(world.paid(&order_id).await, [Some(0)]);
    order_id
}

async fn a_day_of_the_simulated_platform_is_kept_and_adds_up(test: TestStore) {
    let (world, day) = world(&test).await;
    let party = finance(&world.url);
    let (one, other) = (paid(&test, &world, "1").await, paid(&test, &world, "2").await);
    let refund = RefundRequest {
        appid: APPID.into(),
        order_id: one.clone(),
        reason: "paid twice".into(),
        refund_fee: Some(5_000),
        refund_out_id: Some("ours".into()),
    };
    world.simulator.refund_for(&refund, IpAddr::V4(Ipv4Addr::LOCALHOST)).unwrap();
    world.simulator.set_clock(day.plus_days(1).instant_at(7).as_second());

    let evening = day.instant_at(23);
    let early = downloaded(&test, &party, &wish(day, None), evening).await.unwrap_err();
    assert!(matches!(early, DownloadStatementError::NotReady { ready_at, .. } if ready_at > evening), "{early:?}");

    let morning = day.plus_days(1).instant_at(7);
    let DownloadedStatement { file, kept } = downloaded(&test, &party, &wish(day, None), morning).await.unwrap();
    assert_eq!((kept, file.kind, file.fetched_at), (KeptStatement::First, StatementKind::Zip, morning));
    let (found, report) = rows(&test, &file).await;
    assert!(report.is_clean(), "{report:?}");
    assert_eq!((report.files[0].totals.total_fee, report.files[0].totals.refund_fee), (40_000, 5_000));
    let ids: Vec<_> = found.iter().map(|row| (row.order_id.as_str(), row.refund.is_some())).collect();
    assert_eq!(ids, [(one.as_str(), false), (&other, false), (&one, true)]);
    let refund = found[2].refund.as_ref().unwrap();
    assert_eq!((refund.refund_out_id.as_deref(), refund.refund_fee), (Some("ours"), 5_000));
    assert_eq!(found[0].payment_notice_no.as_deref(), Some("1"));

    let csv = downloaded(&test, &party, &wish(day, Some(MCH_ID)), morning).await.unwrap();
    assert_eq!((csv.kept, csv.file.kind), (KeptStatement::First, StatementKind::Csv));
    assert_eq!(rows(&test, &csv.file).await.0, found);

    let nobodys = downloaded(&test, &party, &wish(day.plus_days(-9), None), morning).await.unwrap_err();
    assert!(
        matches!(&nobodys, DownloadStatementError::Platform(PlatformError::Refused { errcode: 9_205_201, .. })),
        "{nobodys:?}"
    );
}

async fn the_same_file_again_changes_nothing_and_another_one_is_kept_beside_it(test: TestStore) {
    let (world, day) = world(&test).await;
    let party = finance(&world.url);
    paid(&test, &world, "1").await;
    let morning = day.plus_days(1).instant_at(7);
    world.simulator.set_clock(morning.as_second());
    let hour = |hours: i8| day.plus_days(1).instant_at(7 + hours);
    let first = downloaded(&test, &party, &wish(day, None), hour(0)).await.unwrap();
    let again = downloaded(&test, &party, &wish(day, None), hour(1)).await.unwrap();
    assert_eq!((again.kept, again.file.fetched_at, again.file.seen_at), (KeptStatement::Same, hour(0), hour(1)));

    world.simulator.set_clock(day.instant_at(13).as_second());
    paid(&test, &world, "2").await;
    world.simulator.set_clock(morning.as_second());
    let changed = downloaded(&test, &party, &wish(day, None), hour(2)).await.unwrap();
    assert_eq!(changed.kept, KeptStatement::Changed { before_sha256: first.file.sha256.clone() });
    assert_eq!(rows(&test, &first.file).await.0.len(), 1);
    assert_eq!(rows(&test, &changed.file).await.0.len(), 2);
    let newest = test.store.newest_statement_file(first.file.key.clone()).await.unwrap();
    assert_eq!(newest, Some(changed.file.clone()));
    let listed = test.store.list_statement_files(party.name.clone(), day, day).await.unwrap();
    assert_eq!(listed, [changed.file, again.file]);
    let elsewhere = test.store.list_statement_files(party.name, day.plus_days(1), day.plus_days(9)).await.unwrap();
    assert_eq!(elsewhere, []);
}

/// A statement of several chunks, as the platform would send it.
fn large(row_count: usize) -> String {
    let titles = "交易时间,商户订单号,交易状态,总金额,商品名称,手续费,费率";
    let rows: Vec<_> = (0..row_count)
        .map(|row| {
            format!(
                "`2017-09-25 09:39:03,`ORDER{row:07},`SUCCESS,`{row}.07,`{row} 广东非税, 网上缴款 {}",
                sha256_hex(&row.to_le_bytes())
            )
        })
        .map(|row| format!("{row},`0.00000,`0.00%\n"))
        .collect();
    format!("{titles}\n{}", rows.concat())
}

async fn a_large_file_is_kept_in_chunks_and_comes_back_as_it_was(test: TestStore) {
    let csv = large(20_000);
    assert!(csv.len() as u64 > 3 * STATEMENT_CHUNK_BYTES);
    let platform = StubPlatform::start(OrderReply::Raw(http("200 OK", &csv))).await;
    let (party, wish) = (finance(&platform.url), wish("20170925".parse().unwrap(), Some("1")));
    let now = at(1_600_000_000);
    let file = downloaded(&test, &party, &wish, now).await.unwrap().file;
    assert_eq!((file.size_bytes, file.chunk_count), (csv.len() as u64, 4));
    let (found, report) = rows(&test, &file).await;
    assert_eq!((found.len(), found[19_999].total_fee, report.bad_row_count()), (20_000, 1_999_907, 0));
    let mut kept = KeptFile::open(Arc::clone(&test.store), file.clone());
    let bytes = tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::new();
        kept.read_to_end(&mut bytes).map(|_| bytes)
    });
    assert!(bytes.await.unwrap().unwrap() == csv.as_bytes());
    let deflated = texts(&test, "SELECT CAST(SUM(LENGTH(deflated)) AS TEXT) FROM statement_chunk").await;
    assert!(deflated[0].parse::<usize>().unwrap() < csv.len() / 2, "{deflated:?}");

    // A download that is repeated after a crash finds its chunks there and goes on.
    execute(&test.url, "DELETE FROM statement_file").await.unwrap();
    assert_eq!(downloaded(&test, &party, &wish, now).await.unwrap().kept, KeptStatement::First);

    execute(&test.url, "DELETE FROM statement_chunk WHERE chunk_no = 1").await.unwrap();
    let mut broken = StatementRows::open(Arc::clone(&test.store), file.clone()).await.unwrap();
    let error = loop {
        match broken.next(1000).await {
            Ok(rows) => assert!(!rows.is_empty(), "a file with a hole has no end"),
            Err(error) => break error,
        }
    };
    assert!(format!("{error:?}").contains("1 is missing"), "{error:?}");
    let lost = test.store.keep_statement_file(file).await.unwrap_err();
    assert!(matches!(&lost, StoreError::Inconsistent { .. }) && lost.to_string().contains("3 of 4"), "{lost}");
}

async fn a_download_that_breaks_off_keeps_nothing(test: TestStore) {
    let platform = StubPlatform::start(OrderReply::Raw(http("200 OK", ""))).await;
    let cut = format!("HTTP/1.1 200 OK\r\ncontent-length: 500000\r\n\r\n{}", large(100));
    platform.answers_at(DOWNLOAD_BILL, [OrderReply::Raw(cut.into_bytes())]);
    let (party, wish) = (finance(&platform.url), wish("20170925".parse().unwrap(), None));
    let broken = downloaded(&test, &party, &wish, at(1_600_000_000)).await.unwrap_err();
    assert!(matches!(broken, DownloadStatementError::Platform(PlatformError::Unreachable { .. })), "{broken:?}");
    let key = StatementKey { party: party.name, bill_date: wish.bill_date, mch_id: None, bill_type: BillType::All };
    assert_eq!(test.store.newest_statement_file(key).await.unwrap(), None);
    assert_eq!(texts(&test, "SELECT sha256 FROM statement_chunk").await, [""; 0]);
}

on_both_stores!(
    a_day_of_the_simulated_platform_is_kept_and_adds_up,
    the_same_file_again_changes_nothing_and_another_one_is_kept_beside_it,
    a_large_file_is_kept_in_chunks_and_comes_back_as_it_was,
    a_download_that_breaks_off_keeps_nothing,
);

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
