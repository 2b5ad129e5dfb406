//! The table of magic values.

use super::{Case, Plays, Section};
use crate::simulator::stories::Story;
use crate::wire::ApiErrcode as Code;

const fn case(value: &'static str, plays: Plays, english: &'static str, chinese: &'static str) -> Case {
    Case { value, english, chinese, plays }
}

/// Every magic value.
pub const SECTIONS: &[Section] = &[
    Section {
        english: "Ending of payment_notice_no, in queryfee and in an order: nobody is asked",
        chinese: "缴费通知书编号的结尾（查询与下单时，不向任何一方查询）",
        cases: NUMBERS,
    },
    Section {
        english: "Last three digits of an order's fee in fen, from 1,000 fen up: what follows the payment",
        chinese: "订单金额（分）的末三位，自 1000 分起：支付之后发生的事",
        cases: FEES,
    },
    Section {
        english: "Header X-Nontax-Simulate of a call to the platform's APIs: the reply that it gets",
        chinese: "调用平台接口时的请求头 X-Nontax-Simulate：得到的应答",
        cases: REPLIES,
    },
    Section { english: "Test bank and test merchant", chinese: "测试银行与测试商户", cases: TEST_ACCOUNTS },
];

const NUMBERS: &[Case] = &[
    case(
        "…990000",
        Plays::MadeUpNotice,
        "a made-up notice of 200 yuan that can be paid",
        "虚构一份 200 元的可缴费通知书",
    ),
    case(
        "…990211",
        Plays::Refusal(Code::NoticeSuspended),
        "9200211: entity or item suspended",
        "9200211：执收单位或项目已暂停",
    ),
    case("…990231", Plays::Refusal(Code::NoticeNotFound), "9200231: no such notice", "9200231：缴费通知书不存在"),
    case("…990232", Plays::Refusal(Code::PaymentCompleted), "9200232: already paid", "9200232：缴费通知书已缴款"),
    case("…990233", Plays::Refusal(Code::NoticeCanceled), "9200233: canceled", "9200233：缴费通知书已作废"),
    case("…990235", Plays::Refusal(Code::LatePaymentNotAllowed), "9200235: too late", "9200235：已逾期，不允许缴款"),
    case(
        "…990236",
        Plays::Refusal(Code::BankNotSupported),
        "9200236: not through this bank",
        "9200236：不支持通过该银行缴款",
    ),
    case(
        "…990296",
        Plays::Refusal(Code::QueryFailed),
        "9210000: the party said 296, notice in error",
        "9210000：对方答 296，通知书信息有误",
    ),
    case("…990297", Plays::Refusal(Code::PaymentSuspended), "9200297: payment suspended for now", "9200297：暂停缴费"),
    case(
        "…990299",
        Plays::Refusal(Code::QueryFailed),
        "9210000: the party said 299, system error",
        "9210000：对方答 299，系统错误",
    ),
];

const FEES: &[Case] = &[
    case("…001", Plays::Story(Story::NotifiedOnce), "notified once, whatever the reply is", "只通知一次，不论应答"),
    case(
        "…003",
        Plays::Story(Story::OutOfOrder),
        "refunded at once; told of refund, payment, refund",
        "立即退款；依次通知退款、支付、退款",
    ),
    case("…004", Plays::Story(Story::FirstLost), "the first two notifications are lost", "前两次通知丢失"),
    case("…005", Plays::Story(Story::FullRefund), "notified, then refunded in full", "通知后全额退款"),
    case(
        "…006",
        Plays::Story(Story::TwoPartialRefunds),
        "notified, then a third refunded, then another",
        "通知后分两次部分退款，各三分之一",
    ),
    case("…007", Plays::Story(Story::NeverNotified), "in the statement but never notified", "对账单中有，但从不通知"),
    case("…008", Plays::Story(Story::NotInStatement), "notified but not in the statement", "有通知，但对账单中没有"),
];

const REPLIES: &[Case] = &[
    case("errcode=CODE", Plays::Reply, "refused with this errcode; nothing is done", "以该 errcode 拒绝，不执行"),
    case(
        "redirect-loop",
        Plays::Reply,
        "307 to a page that redirects to itself; nothing is done",
        "307 重定向到一个不断重定向自身的地址，不执行",
    ),
    case(
        "status=STATUS",
        Plays::Reply,
        "done, but the reply is an error page with this HTTP status",
        "已执行，但应答为该 HTTP 状态的错误页",
    ),
    case(
        "html",
        Plays::Reply,
        "done, but the reply is an HTML page with HTTP status 200",
        "已执行，但应答为 HTTP 200 的 HTML 页",
    ),
    case("empty", Plays::Reply, "done, but the reply is empty", "已执行，但应答为空"),
    case("cut", Plays::Reply, "done, but the reply's JSON ends in its middle", "已执行，但应答的 JSON 被截断"),
    case(
        "wrong-type",
        Plays::Reply,
        "done, but every value of the reply is wrapped in a list",
        "已执行，但应答的每个值都变成数组",
    ),
    case("huge", Plays::Reply, "done, but the reply has 64 MiB", "已执行，但应答有 64 MiB"),
    case("delay=MILLISECONDS", Plays::Reply, "done, and the reply comes later", "已执行，应答推迟"),
    case(
        "slow-bytes=MILLISECONDS",
        Plays::Reply,
        "done, and the reply comes byte by byte, with this pause",
        "已执行，应答逐字节发出，其间停顿",
    ),
    case("drop", Plays::Reply, "done, but the connection ends without a reply", "已执行，但连接断开而无应答"),
    case(
        "hang",
        Plays::Reply,
        "done, but nothing comes for 30 seconds, then the connection ends",
        "已执行，但 30 秒无应答，随后断开",
    ),
];

const TEST_ACCOUNTS: &[Case] = &[
    case(
        "test_bank_id",
        Plays::Itself,
        "bank_id: nobody is asked, and no party's refusal refunds",
        "bank_id：不向任何一方查询，任何一方的拒绝都不会引起退款",
    ),
    case(
        "1900016021",
        Plays::Itself,
        "mch_id: the test merchant, to which an order is settled that names none",
        "mch_id：测试商户，未指明商户的订单结算到此",
    ),
];
