//! Cause and cure of every errcode in Chinese.

use crate::wire::ApiErrcode;

macro_rules! advice {
    ($($errcode:ident: $cause:literal, $cure:literal;)+) => {
        /// The cause, and what to do. An errcode without a row does not compile.
        pub(super) const fn cause_and_cure(errcode: ApiErrcode) -> (&'static str, &'static str) {
            match errcode { $(ApiErrcode::$errcode => ($cause, $cure),)+ }
        }
    };
}

advice! {
    SystemError:
        "平台繁忙或短暂故障",
        "几分钟后重试；下单或退款须先用 getorder 或 getorderlist 查明结果再决定是否重复";
    InvalidCredential:
        "其他程序重新获取了 access_token，使当前的失效",
        "网关会重新获取并重试一次；若反复出现，请让其他系统统一从本网关获取，或全部改用 token_mode = \"stable\"";
    InvalidGrantType:
        "grant_type 不是 client_credential",
        "这是本程序的缺陷，请反馈";
    InvalidAppid:
        "没有该 AppID 对应的公众号",
        "将配置中的 appid 与公众平台上的核对";
    InvalidAccessToken:
        "access_token 在存储或传递中被截断或弄混",
        "网关会重新获取并重试一次；若反复出现，请检查存储和转发 access_token 的程序";
    InvalidArgument:
        "某个没有专用返回码的字段缺失或有误",
        "对照接口文档核对请求；errmsg 可能指出了字段";
    InvalidAppSecret:
        "AppSecret 已被重置，或属于其他公众号",
        "将公众号的 AppSecret 写入该 party 的 app_secret_file；公众平台只在重置时显示一次，重置后旧的失效";
    IpNotListed:
        "本机出口 IP 不在公众号的 IP 白名单中",
        "在公众平台的 设置与开发、安全中心、IP 白名单 中加入该 IP，几分钟后生效";
    AccessTokenMissing:
        "请求没有携带 access_token",
        "检查中间代理是否丢弃了 URL 的查询参数";
    AppidMissing:
        "请求没有携带 appid",
        "填写该 party 的 appid";
    AppSecretMissing:
        "获取 access_token 的请求没有携带 AppSecret",
        "填写该 party 的 app_secret_file";
    AccessTokenExpired:
        "access_token 的两小时有效期已过",
        "网关会重新获取并重试一次；若反复出现，请检查本机时钟";
    PostRequired:
        "中间环节将 POST 变成了 GET",
        "检查中间代理，并确认 base_url 以 https 开头";
    EmptyBody:
        "中间环节丢弃了请求体",
        "检查中间代理";
    DailyQuotaReached:
        "公众号当日调用次数已用完",
        "等待北京时间零点，或在公众平台清零；并查明是谁调用过多";
    MinuteQuotaReached:
        "一分钟内调用过多",
        "降低频率，下一分钟再试";
    InvalidJson:
        "请求体不是接口要求的 JSON 对象",
        "用 --explain 核对请求，并检查代理是否改动请求体";
    ApiUnauthorized:
        "该公众号没有此接口的权限",
        "将 AppID 提供给微信非税支付的对接人员开通权限";
    OrderNotOfAppid:
        "订单属于其他公众号",
        "使用该订单所属的 party 查询";
    NoticeSuspended:
        "财政暂停了该执收单位或项目的缴费",
        "向财政部门了解何时恢复";
    NoticeNotFound:
        "行政区划、执收单位和编号对应不到通知书，或财政尚未收到",
        "与纸质通知书核对三项；若无误请联系财政部门";
    PaymentCompleted:
        "该通知书已有人缴款",
        "用 getorderlist 查询已支付的订单";
    NoticeCanceled:
        "财政或执收单位已作废该通知书",
        "请重新开具通知书";
    LatePaymentNotAllowed:
        "已过限缴日期",
        "请重新开具通知书，或由财政允许逾期缴款";
    BankNotSupported:
        "该通知书只能通过其他银行缴款",
        "不填 bank_id，或填写该通知书允许的银行";
    PaymentSuspended:
        "财政暂时停止了全部缴款，例如结账期间",
        "等待财政恢复缴款";
    EmptyDesc:
        "desc 为空",
        "填写服务名称";
    FeeIsNotTheSum:
        "fee 与各子项目 fee 之和不一致",
        "更正总金额或子项目金额，单位为分";
    FeeIsZero:
        "fee 为 0 或缺失",
        "填写总金额，单位为分";
    InvalidExpireDate:
        "payment_expire_date 不是 YYYYMMDD 格式的日期",
        "按该格式填写，或不填";
    InvalidAppidParameter:
        "appid 不是平台已配置的公众号",
        "与公众平台核对，并向微信确认是否已为非税支付配置";
    InvalidUseruin:
        "无法由请求确定付款人",
        "填写付款人在该公众号下的 openid";
    InvalidReturnUrl:
        "return_url 缺失或不是网址",
        "填写 https 网址；小程序场景请将 scene 设为 miniprogram";
    InvalidIp:
        "ip 不是用户的 IP 地址",
        "在用户页面上获取（文档第 8 节）后传入";
    InvalidOrderId:
        "没有该订单",
        "将 order_id 与下单返回的核对";
    InvalidRefundReason:
        "退款原因为空",
        "填写退款原因";
    InvalidMchId:
        "该商户号未绑定到该银行",
        "不填 mch_id，或填写 bank_id 下绑定的商户号";
    InvalidBillDate:
        "bill_date 不是有对账单的日期",
        "填写 YYYYMMDD 格式的过去日期，次日 06:00 之后才有";
    InvalidBillType:
        "bill_type 不是 ALL、SUCCESS、REFUND 之一",
        "任选其一，或不填";
    InvalidTradeType:
        "trade_type 不是 JSAPI 或 MWEB",
        "任选其一，或不填";
    InvalidBankId:
        "平台没有该 bank_id 对应的银行",
        "填写微信分配的 bank_id；测试环境必填";
    InvalidBankAccount:
        "该清分账号不属于该银行",
        "不使用清分机制时不填 bank_account";
    InvalidNoticeNo:
        "payment_notice_no 与 order_no 均未填写，或编号格式有误",
        "二者必须且只能填写一个";
    InvalidDepartmentCode:
        "department_code 为空或未知",
        "按通知书填写";
    InvalidNoticeType:
        "payment_notice_type 不是 1 或 2",
        "任选其一，或不填";
    InvalidRegionCode:
        "region_code 为空或未知",
        "按通知书填写";
    InvalidDepartmentName:
        "department_name 为空",
        "按通知书填写";
    FeeDiffersFromFinance:
        "财政查询到的金额不同，例如已产生滞纳金",
        "重新调用 queryfee，并按其结果下单";
    InvalidRefundOutId:
        "部分退款缺少退款单号，或格式有误",
        "refund_fee 与 refund_out_id 须同时填写";
    EmptyAuthCode:
        "缺少付款码",
        "扫描付款人手机上的付款码";
    RefundBeforePayment:
        "订单未支付",
        "用 getorder 查看；未支付订单 10 分钟后自动关闭";
    RefundNotAuthorized:
        "该公众号无权退此订单",
        "使用银行的 party 退款，或向微信申请权限";
    IpRestricted:
        "本机出口 IP 不允许调用退款",
        "将该 IP 提供给微信对接人员配置（文档 4.1.5）";
    CalledTooOften:
        "短时间内调用过多",
        "降低频率，稍后再试";
    RefundAccountError:
        "付款人的微信账户无法收款",
        "请付款人处理账户，或以其他方式退款";
    RefundBalanceInsufficient:
        "商户账户余额少于退款金额",
        "充值后以相同的 refund_out_id 重试";
    Refunded:
        "订单已退款",
        "无需处理，可用 getorder 查看";
    RefundExceedsTotal:
        "与已退金额相加超过订单总金额",
        "用 getorder 查看 partial_refund_info，退款金额不得超过余额";
    RefundOutIdConflict:
        "该 refund_out_id 已用于另一金额的退款",
        "用 getorder 查看该笔退款；另一笔退款请使用新的单号";
    SignatureNotVerified:
        "签名与平台公钥不符",
        "将该 party 的 platform_key 与微信分配的核对";
    InconsistentOrderNotNotified:
        "财政的通知地址没有正确应答",
        "查看回调日志，排除原因后重试";
    MockNotSent:
        "平台无法访问该网址",
        "检查该网址是否对微信的出口 IP 开放，以及证书和防火墙";
    MockReplyUnreadable:
        "返回的不是应答信封",
        "确认该网址是网关的回调地址，且没有代理代为应答";
    MockReplyWrong:
        "应答无法用该 party 的密钥解密，或没有拒绝错误的签名",
        "将 symmetric_key、platform_key 与微信侧核对，可用 nontax envelope explain 排查";
    RealNameInvalidParameter:
        "wx_realname_token 有误、已使用或已过期",
        "请用户通过 getauthurl 重新授权";
    RealNameAppidMismatch:
        "该授权属于其他公众号",
        "使用生成授权链接的 party 查询";
    FinanceNotConfigured:
        "平台未配置该地区的财政信息",
        "联系微信对接人员配置，并提供本公众号的 appid 和回调地址";
    BankNotConfigured:
        "平台未配置该订单的银行信息",
        "联系微信对接人员配置，并提供其 appid 和回调地址；测试环境请填写 bank_id";
    GovernmentUnitNotConfigured:
        "平台未配置该执收单位",
        "联系微信对接人员配置，并提供其 appid 和回调地址";
    KeyNotConfigured:
        "平台没有该公众号的对称密钥",
        "将密钥提供给微信对接人员配置（文档 7.1）";
    StatementNotFound:
        "该日期和商户没有对账单，或尚未生成",
        "次日 06:00 之后再取；没有订单的日期没有对账单";
    MicropayFailed:
        "支付未成功",
        "请付款人刷新付款码或更换支付方式后重新支付";
    AuthCodeExpired:
        "付款码已过期",
        "请付款人刷新后重新扫码";
    BalanceInsufficient:
        "付款人余额不足",
        "请付款人更换银行卡后重新扫码";
    CardNotSupported:
        "付款人的银行卡不支持此支付",
        "请付款人更换或绑定其他银行卡后重新扫码";
    OrderCanceled:
        "订单已超时或关闭",
        "以新的付款码重新发起支付";
    PasswordRequired:
        "付款人需要输入密码",
        "等待 10 秒后带上首次返回的 order_id 再次调用，至多 30 秒";
    AuthCodeUsed:
        "付款码已被使用",
        "请付款人刷新后重新扫码";
    AuthCodeInvalid:
        "扫描的不是微信付款码",
        "请付款人打开微信付款码后重新扫描";
    QueryFailed:
        "财政的查询接口没有正确应答",
        "稍后再试；若财政由本网关服务，请查看回调日志";
    InvalidOpenid:
        "openid 缺失或格式有误",
        "填写付款人在该公众号下的 openid；微信外浏览器请将 trade_type 设为 MWEB";
    OpenidNotOfAppid:
        "openid 属于其他公众号",
        "通过本公众号的网页授权获取";
    AppAppidNotFound:
        "没有该 app_appid 对应的应用",
        "与微信开放平台核对";
    AppAppidNotAnApp:
        "app_appid 不是移动应用的 AppID",
        "填写微信开放平台上移动应用的 AppID";
    EmptyAppid:
        "appid 为空",
        "填写该 party 的 appid";
    AppidNotOfToken:
        "access_token 属于其他公众号",
        "确认该 party 的 appid 与 AppSecret 属于同一公众号；重新获取 access_token 没有用";
}
