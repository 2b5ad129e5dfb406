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
use crate::database::{execute, texts};
use crate::served::{APP_SECRET, PlatformAccess};
use crate::simulated_world::World;
use crate::stores::{TestStore, on_both_stores};
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
        live_source: None,
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
pub(crate) async fn world(test: &TestStore) -> (World, ChinaDate) {
    let world = World::start(&test.store, PlatformAccess::at(""), |settings| settings.timing.refund_seconds = 1).await;
    let day = ChinaDate::at(Timestamp::now()).plus_days(-3);
    world.simulator.set_clock(day.instant_at(12).as_second());
    (world, day)
}

/// The citizen pays a notice of 200 yuan; the order.
pub(crate) async fn paid(test: &TestStore, world: &World, number: &str) -> String {
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
    assert!(early.may_come_later(), "{early:?}");
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
    assert!(nobodys.may_come_later(), "{nobodys:?}");
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

async fn two_gateways_that_download_at_once_keep_one_file(test: TestStore) {
    let csv = large(20_000);
    let platform = StubPlatform::start(OrderReply::Raw(http("200 OK", &csv))).await;
    let (party, wish) = (finance(&platform.url), wish("20170925".parse().unwrap(), None));
    let other = test.open_again().await;
    let clock = || at(1_600_000_000);
    let (one, two) = tokio::join!(
        download_statement(&*test.store, &party, &wish, &clock),
        download_statement(&*other, &party, &wish, &clock)
    );
    let (one, two) = (one.unwrap().file, two.unwrap().file);
    assert_eq!(one, two);
    assert_eq!(test.store.list_statement_files(party.name, wish.bill_date, wish.bill_date).await.unwrap(), [two]);
    assert_eq!(rows(&test, &one).await.0.len(), 20_000);
}

async fn what_grew_too_old_is_pruned_and_may_come_back(test: TestStore) {
    let csv = large(20_000);
    let platform = StubPlatform::start(OrderReply::Raw(http("200 OK", &csv))).await;
    let party = finance(&platform.url);
    let (old, fresh) = (wish("20170925".parse().unwrap(), None), wish("20200101".parse().unwrap(), None));
    let (then, now) = (at(1_506_400_000), at(1_600_000_000));
    let file = downloaded(&test, &party, &old, then).await.unwrap().file;
    let kept = downloaded(&test, &party, &fresh, now).await.unwrap().file;
    // A download that never ended.
    let other = StatementKey { mch_id: Some("1".into()), ..file.key.clone() };
    test.store.put_statement_chunk(other, "0".repeat(64), 0, b"bytes".to_vec()).await.unwrap();

    let prune = || test.store.prune_statement_chunks(at(1_550_000_000), now, 3);
    assert_eq!((prune().await.unwrap(), prune().await.unwrap(), prune().await.unwrap()), (3, 2, 0));
    let pruned = test.store.newest_statement_file(file.key.clone()).await.unwrap().unwrap();
    assert_eq!((pruned.sha256.as_str(), pruned.pruned_at), (file.sha256.as_str(), Some(now)));
    let gone = StatementRows::open(Arc::clone(&test.store), pruned).await.err().unwrap();
    assert!(gone.to_string().contains("download it again"), "{gone}");
    assert_eq!(rows(&test, &kept).await.0.len(), 20_000);

    let again = downloaded(&test, &party, &old, now).await.unwrap();
    assert_eq!((again.kept, again.file.pruned_at, again.file.fetched_at), (KeptStatement::Same, None, then));
    assert_eq!(rows(&test, &again.file).await.0.len(), 20_000);
}

async fn a_download_that_breaks_off_keeps_nothing(test: TestStore) {
    let platform = StubPlatform::start(OrderReply::Raw(http("200 OK", ""))).await;
    let cut = format!("HTTP/1.1 200 OK\r\ncontent-length: 500000\r\n\r\n{}", large(100));
    platform.answers_at(DOWNLOAD_BILL, [OrderReply::Raw(cut.into_bytes())]);
    let (party, wish) = (finance(&platform.url), wish("20170925".parse().unwrap(), None));
    let broken = downloaded(&test, &party, &wish, at(1_600_000_000)).await.unwrap_err();
    assert!(!broken.may_come_later(), "{broken:?}");
    assert!(matches!(broken, DownloadStatementError::Platform(PlatformError::Unreachable { .. })), "{broken:?}");
    let key = StatementKey { party: party.name, bill_date: wish.bill_date, mch_id: None, bill_type: BillType::All };
    assert_eq!(test.store.newest_statement_file(key).await.unwrap(), None);
    assert_eq!(texts(&test, "SELECT sha256 FROM statement_chunk").await, [""; 0]);
}

on_both_stores!(
    a_day_of_the_simulated_platform_is_kept_and_adds_up,
    the_same_file_again_changes_nothing_and_another_one_is_kept_beside_it,
    a_large_file_is_kept_in_chunks_and_comes_back_as_it_was,
    two_gateways_that_download_at_once_keep_one_file,
    what_grew_too_old_is_pruned_and_may_come_back,
    a_download_that_breaks_off_keeps_nothing,
);
