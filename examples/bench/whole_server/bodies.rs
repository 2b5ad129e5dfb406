//! The notices of the book, and the platform's signed requests about them, kept in files.

use std::fs;
use std::io::{BufWriter, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::thread;

use miette::{IntoDiagnostic as _, Result, miette};
use nontax_gateway::wire::{PAY_CHANNEL_WX_NONTAX, PaymentStatusNotification, ReceivablesQuery, STATUS_PAID};
use rustix::thread::{CpuSet, sched_setaffinity};
use serde_json::{Value, json};

use super::keys::Keys;

/// The party's name in the callback URLs, also of the peers.
pub(crate) const PARTY: &str = "p1";

/// Its Official Account, which the peers know too.
pub(crate) const APPID: &str = "wx5f6e43071809a9dd";

/// What every number starts with; the twelve digits after it count.
pub(crate) const NUMBER_PREFIX: &str = "44000026";

const REGION_CODE: &str = "440100";
const DEPARTMENT_CODE: &str = "001002";

/// 2026-10-30 in China, before every notice's last day.
const PAID_AT: i64 = 1_793_325_600;

/// Queries that are made; they are sent again and again.
const QUERIES: u32 = 10_000;

/// Prime, so that consecutive queries ask for notices that lie far apart.
const STRIDE: u64 = 7919;

/// The `index`th notice's number.
pub(crate) fn notice_no(index: u64) -> String {
    format!("{NUMBER_PREFIX}{index:012}")
}

/// The order that pays the `index`th notice.
pub(crate) fn order_id(index: u64) -> String {
    format!("4200000026202611{index:012}")
}

/// A notice in the format of `nontax notice import`.
fn notice(index: u64) -> Value {
    let item = |no: u64| {
        json!({
            "no": no,
            "item_id": format!("440100103040{no}"),
            "item_name": format!("行政事业性收费项目{no}"),
            "overdue": 0,
            "penalty": 0,
            "fee": 100 * no + index % 500,
        })
    };
    json!({
        "region_code": REGION_CODE,
        "department_code": DEPARTMENT_CODE,
        "department_name": "广州市某某管理局",
        "payment_notice_no": notice_no(index),
        "payment_notice_type": 1,
        "user_name": "叶*梅",
        "payment_notice_create_time": 1_767_196_800 + index,
        "payment_expire_date": "20991231",
        "fee": 1000 + 4 * (index % 500),
        "items": [item(1), item(2), item(3), item(4)],
        "status": "unpaid",
    })
}

/// What pays the `index`th notice, with all that the server would else ask the platform for.
pub(crate) fn notification(index: u64, order_id: String) -> PaymentStatusNotification {
    PaymentStatusNotification {
        order_id,
        status: STATUS_PAID,
        pay_channel: PAY_CHANNEL_WX_NONTAX.to_owned(),
        pay_finish_time: Some(PAID_AT),
        payment_notice_no: Some(notice_no(index)),
        region_code: Some(REGION_CODE.to_owned()),
        department_code: Some(DEPARTMENT_CODE.to_owned()),
        fee: i64::try_from(1000 + 4 * (index % 500)).ok(),
        ..PaymentStatusNotification::default()
    }
}

fn query(index: u64) -> ReceivablesQuery {
    ReceivablesQuery {
        appid: APPID.to_owned(),
        region_code: REGION_CODE.to_owned(),
        payment_notice_no: notice_no(index),
        department_code: Some(DEPARTMENT_CODE.to_owned()),
        payment_notice_type: Some(1),
        bank_id: "1001".to_owned(),
    }
}

/// Writes the first `count` notices for an import.
pub(crate) fn write_notices(directory: &Path, count: u32) -> Result<PathBuf> {
    let path = directory.join("notices.ndjson");
    let mut file = BufWriter::new(fs::File::create(&path).into_diagnostic()?);
    for index in 0..u64::from(count) {
        writeln!(file, "{}", notice(index)).into_diagnostic()?;
    }
    file.flush().into_diagnostic()?;
    Ok(path)
}

/// Queries spread over the first `notices` notices, as HTTP requests.
pub(crate) fn queries(directory: &Path, keys: &Keys, notices: u32) -> Result<Vec<Vec<u8>>> {
    let file = directory.join(format!("queries-over-{notices}.ndjson"));
    let make = |index: u64| keys.seal(&query(index * STRIDE % u64::from(notices)));
    kept(&file, QUERIES, make).map(|bodies| requests("receivables", &bodies))
}

/// One notification for each of the first `count` notices, as HTTP requests.
pub(crate) fn notifications(directory: &Path, keys: &Keys, count: u32) -> Result<Vec<Vec<u8>>> {
    let make = |index: u64| keys.seal(&notification(index, order_id(index)));
    kept(&directory.join("notifications.ndjson"), count, make).map(|bodies| requests("notification", &bodies))
}

/// A signed body with its head, as the platform sends it.
pub(crate) fn request(callback: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST /callback/{PARTY}/{callback}?wxnontaxstr=2ba37f90d155d390 HTTP/1.1\r\nHost: gateway.example\r\n\
         User-Agent: Mozilla/4.0\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn requests(callback: &str, bodies: &[Vec<u8>]) -> Vec<Vec<u8>> {
    bodies.iter().map(|body| request(callback, body)).collect()
}

/// The first `count` bodies of a file, which is made anew when it holds fewer.
fn kept(file: &Path, count: u32, make: impl Fn(u64) -> Result<Vec<u8>> + Sync) -> Result<Vec<Vec<u8>>> {
    let wanted = usize::try_from(count).into_diagnostic()?;
    if let Ok(text) = fs::read(file) {
        let lines: Vec<_> = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
        if lines.len() >= wanted {
            return Ok(lines[..wanted].iter().map(|line| line.to_vec()).collect());
        }
    }
    eprintln!("bench: signing {count} bodies for {}", file.display());
    let bodies = on_all_processors(u64::from(count), &make)?;
    let unfinished = file.with_extension("unfinished");
    fs::write(&unfinished, [bodies.join(&b'\n'), vec![b'\n']].concat()).into_diagnostic()?;
    fs::rename(unfinished, file).into_diagnostic()?;
    Ok(bodies)
}

fn on_all_processors(count: u64, make: &(impl Fn(u64) -> Result<Vec<u8>> + Sync)) -> Result<Vec<Vec<u8>>> {
    let processors =
        (0..CpuSet::MAX_CPU).take_while(|cpu| fs::exists(format!("/sys/devices/system/cpu/cpu{cpu}")).unwrap_or(false));
    let threads = u64::try_from(processors.count().max(1)).into_diagnostic()?;
    let share = |range: Range<u64>| {
        move || {
            // The script pins this program to one. Where that cannot be lifted the work takes longer, no more.
            let mut all = CpuSet::new();
            (0..CpuSet::MAX_CPU).for_each(|cpu| all.set(cpu));
            let _ = sched_setaffinity(None, &all);
            range.map(make).collect::<Result<Vec<_>>>()
        }
    };
    thread::scope(|scope| {
        let ranges = (0..threads).map(|part| count * part / threads..count * (part + 1) / threads);
        let signing: Vec<_> = ranges.map(|range| scope.spawn(share(range))).collect();
        let mut bodies = Vec::new();
        for part in signing {
            bodies.extend(part.join().map_err(|_| miette!("a thread that signs ended by a panic"))??);
        }
        Ok(bodies)
    })
}
