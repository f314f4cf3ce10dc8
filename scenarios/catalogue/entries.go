package catalogue

import "github.com/citizencode/citizencode/scenarios"

// Rows is how many functions are designed.
const Rows = 49

// What people do where something is not there.
var (
	byCards      = scenarios.Text{Zh: "请暂用原有的码或卡", En: "use the code or card that you have for now"}
	byDesk       = scenarios.Text{Zh: "请到人工窗口办理", En: "please go to the staffed desk"}
	byOffice     = scenarios.Text{Zh: "请携带证件到政务服务大厅办理", En: "please take your document to the public service hall"}
	byPay        = scenarios.Text{Zh: "请使用现金、银行卡或其他支付方式", En: "please pay by cash, bank card or another way"}
	byLocal      = scenarios.Text{Zh: "请领取当地的码或使用身份证件", En: "please get a local code or use your identity document"}
	byPaper      = scenarios.Text{Zh: "请出示有效证件或纸质证明", En: "please show your identity document or a paper proof"}
	byHotline    = scenarios.Text{Zh: "请拨打12345热线", En: "please call the 12345 hotline"}
	byHospital   = scenarios.Text{Zh: "请使用医院的窗口、自助机或原有渠道", En: "please use the hospital's desk, machine or own app"}
	byEmergency  = scenarios.Text{Zh: "请拨打120或直接到急诊科", En: "please call 120 or go straight to the emergency department"}
	byParking    = scenarios.Text{Zh: "请按停车场原有方式停车和付费", En: "please park and pay as the car park has done so far"}
	byRide       = scenarios.Text{Zh: "请使用交通卡、现金或其他乘车码", En: "please use a transit card, cash or another ride code"}
	byTickets    = scenarios.Text{Zh: "请到售票处购票", En: "please buy a ticket at the ticket office"}
	byLibrary    = scenarios.Text{Zh: "请到图书馆服务台使用读者证", En: "please use your reader's card at the library desk"}
	byCare       = scenarios.Text{Zh: "请联系所在社区", En: "please ask your community office"}
	byEnterprise = scenarios.Text{Zh: "请到企业服务窗口", En: "please go to the enterprise service desk"}
	byJobs       = scenarios.Text{Zh: "请到人力资源市场或其网站", En: "please see the job centre or its website"}
)

// entries is the catalogue, in the order of rows.
var entries = []Entry{
	// identity, issuing, carriers
	{Row: 1, Name: scenarios.Text{Zh: "双码融合", En: "one code with the medical code inside"}, Group: scenarios.Public, State: Built, Module: "refserver/city", Proof: "TestRow1FuseBindSwitch"},
	{Row: 2, Name: scenarios.Text{Zh: "码制与密钥规格", En: "profiles of source codes, keys and privacy"}, Group: scenarios.Public, State: Partly, Module: "citycode", Instead: byCards},
	{Row: 3, Name: scenarios.Text{Zh: "在线离线一码", En: "one code online and offline"}, Group: scenarios.Public, State: Built, Module: "refserver/city", Proof: "TestRow3OnePictureOnlineAndOffline"},
	{Row: 4, Name: scenarios.Text{Zh: "国密安全", En: "national algorithms, and the financial card's layout"}, Group: scenarios.Public, State: Partly, Module: "citycode/engine", Instead: byCards},
	{Row: 5, Name: scenarios.Text{Zh: "实人认证", En: "proof of the person when a code is issued"}, Group: scenarios.Government, State: Planned, Instead: byOffice},
	{Row: 6, Name: scenarios.Text{Zh: "绑卡与开通支付", En: "binding a bank card, with a welcome voucher"}, Group: scenarios.Commercial, State: Planned, Instead: byPay},
	{Row: 7, Name: scenarios.Text{Zh: "非户籍与临时来访者领码", En: "codes for residents without local registration, and visitors"}, Group: scenarios.Government, State: Partly, Module: "citycode", Instead: byOffice},
	{Row: 8, Name: scenarios.Text{Zh: "电子码与物理卡", En: "phone code, IC card, guardians"}, Group: scenarios.Public, State: Partly, Module: "citycode", Instead: byCards},
	{Row: 9, Name: scenarios.Text{Zh: "一人一档", En: "one record for each person"}, Group: scenarios.Government, State: Planned, Instead: byOffice},
	{Row: 10, Name: scenarios.Text{Zh: "跨城互认", En: "codes of other cities"}, Group: scenarios.Public, State: Partly, Module: "citycode", Instead: byLocal},
	{Row: 11, Name: scenarios.Text{Zh: "一物一码、一地一码、一事一码", En: "codes of things, places and matters"}, Group: scenarios.Public, State: Partly, Module: "citycode", Instead: byDesk},
	{Row: 12, Name: scenarios.Text{Zh: "状态证明", En: "proof of a status, such as health, with an end date"}, Group: scenarios.Government, State: Planned, Instead: byPaper},
	{Row: 13, Name: scenarios.Text{Zh: "支付码", En: "paying with the code"}, Group: scenarios.Commercial, State: Planned, Instead: byPay},
	{Row: 14, Name: scenarios.Text{Zh: "应用目录与三类分组", En: "this catalogue and its three groups"}, Group: scenarios.Government, State: Built, Module: "scenarios/catalogue", Proof: "TestRow14Groups"},
	{Row: 15, Name: scenarios.Text{Zh: "运行保障", En: "supervision of operation and security"}, Group: scenarios.Government, State: Planned, Instead: byHotline},
	{Row: 16, Name: scenarios.Text{Zh: "受理协议", En: "agreements on who accepts the code, and until when not"}, Group: scenarios.Public, State: Built, Module: "scenarios/agreement", Proof: "TestRow16SameGateAcceptsAfterTheContractEnds"},
	{Row: 17, Name: scenarios.Text{Zh: "不收服务费", En: "no fee for operators; free data for navigation"}, Group: scenarios.Public, State: Partly, Module: "scenarios/agreement", Instead: byDesk},
	// hospital
	{Row: 18, Name: scenarios.Text{Zh: "预约挂号", En: "doctor's appointments"}, Group: scenarios.Public, State: Built, Module: "scenarios/hospital", Proof: "TestRow18NoDoubleBooking"},
	{Row: 19, Name: scenarios.Text{Zh: "扫码签到取号", En: "check-in and queue number at a hospital"}, Group: scenarios.Public, State: Partly, Module: "scenarios/hospital", Scenario: "hospital", Actions: []string{"check-in"}, Instead: byHospital},
	{Row: 20, Name: scenarios.Text{Zh: "诊间开单免排队", En: "prescriptions and tests without a trip to the cashier"}, Group: scenarios.Public, State: Built, Module: "scenarios/hospital", Proof: "TestRow20NoCashier"},
	{Row: 21, Name: scenarios.Text{Zh: "先诊疗后付费", En: "treatment first, payment later"}, Group: scenarios.Public, State: Built, Module: "scenarios/hospital", Proof: "TestRow21LeaveThenPay"},
	{Row: 22, Name: scenarios.Text{Zh: "个人账户优先支付", En: "personal medical account first, credit second"}, Group: scenarios.Public, State: Built, Module: "scenarios/hospital", Proof: "TestRow22PayerWaterfall"},
	{Row: 23, Name: scenarios.Text{Zh: "56天免息", En: "56 days without interest"}, Group: scenarios.Public, State: Built, Module: "scenarios/hospital", Proof: "TestRow23FiftySixDays"},
	{Row: 24, Name: scenarios.Text{Zh: "急重症资金垫付", En: "money advanced in an emergency"}, Group: scenarios.Public, State: Built, Module: "scenarios/hospital", Proof: "TestRow24EmergencyAdvance"},
	{Row: 25, Name: scenarios.Text{Zh: "多院通用", En: "one wallet for every hospital"}, Group: scenarios.Public, State: Built, Module: "scenarios/hospital/network", Proof: "TestRow25Directory"},
	{Row: 26, Name: scenarios.Text{Zh: "扫码急救", En: "emergency card for the ambulance"}, Group: scenarios.Public, State: Built, Module: "scenarios/hospital/emergency", Proof: "TestRow26EmergencyCard"},
	// parking
	{Row: 27, Name: scenarios.Text{Zh: "扫码或识牌进出停车场", En: "in and out of a car park"}, Group: scenarios.Public, State: Built, Module: "scenarios/parking", Proof: "TestRow27NamedStates", Scenario: "parking", Actions: []string{"enter", "leave"}},
	{Row: 28, Name: scenarios.Text{Zh: "停车计费", En: "parking fees"}, Group: scenarios.Public, State: Built, Module: "scenarios/parking/tariff", Proof: "TestRow28Fees"},
	{Row: 29, Name: scenarios.Text{Zh: "车位预约", En: "booking a bay"}, Group: scenarios.Public, State: Built, Module: "scenarios/parking", Proof: "TestRow29Reservation"},
	{Row: 30, Name: scenarios.Text{Zh: "泊位共享", En: "sharing a private bay"}, Group: scenarios.Public, State: Built, Module: "scenarios/parking", Proof: "TestRow30SharedBay"},
	{Row: 31, Name: scenarios.Text{Zh: "空位信息发布", En: "free bays, published"}, Group: scenarios.Public, State: Built, Module: "scenarios/parking", Proof: "TestRow31FeedFollowsTheSessions"},
	{Row: 32, Name: scenarios.Text{Zh: "停车运营结算", En: "settlement of car parks"}, Group: scenarios.Public, State: Built, Module: "scenarios/parking", Proof: "TestRow32OneDay"},
	// transit
	{Row: 33, Name: scenarios.Text{Zh: "扫码乘车", En: "bus and metro"}, Group: scenarios.Public, State: Partly, Module: "scenarios/transit", Scenario: "transit", Instead: byRide},
	{Row: 34, Name: scenarios.Text{Zh: "线路受理名单", En: "lines that accept the code"}, Group: scenarios.Public, State: Built, Module: "scenarios/transit", Proof: "TestRow34LineNotInList"},
	{Row: 35, Name: scenarios.Text{Zh: "离线乘车风险控制", En: "limits on offline rides"}, Group: scenarios.Public, State: Built, Module: "scenarios/transit/office", Proof: "TestRow35AtSettlement"},
	{Row: 36, Name: scenarios.Text{Zh: "乘车优待", En: "concessions for elders, pupils and others"}, Group: scenarios.Public, State: Built, Module: "scenarios/transit", Proof: "TestRow36ConcessionExpired"},
	// other scenarios
	{Row: 37, Name: scenarios.Text{Zh: "门票入园", En: "tickets and passes for parks and museums"}, Group: scenarios.Commercial, State: Partly, Module: "scenarios/ticket", Scenario: "ticket", Instead: byTickets},
	{Row: 38, Name: scenarios.Text{Zh: "住宿登记", En: "checking in at a hotel"}, Group: scenarios.Commercial, State: Planned, Instead: byPaper},
	{Row: 39, Name: scenarios.Text{Zh: "图书借阅", En: "borrowing books"}, Group: scenarios.Public, State: Planned, Instead: byLibrary},
	{Row: 40, Name: scenarios.Text{Zh: "养老服务", En: "care for elders at home"}, Group: scenarios.Public, State: Planned, Instead: byCare},
	{Row: 41, Name: scenarios.Text{Zh: "消费券与补贴", En: "vouchers and subsidies"}, Group: scenarios.Commercial, State: Partly, Module: "scenarios/voucher", Scenario: "voucher", Instead: byOffice},
	{Row: 42, Name: scenarios.Text{Zh: "惠民政策免申即享", En: "benefits without an application"}, Group: scenarios.Government, State: Planned, Instead: byOffice},
	{Row: 43, Name: scenarios.Text{Zh: "惠企服务", En: "services for enterprises"}, Group: scenarios.Government, State: Planned, Instead: byEnterprise},
	{Row: 44, Name: scenarios.Text{Zh: "就业服务", En: "jobs"}, Group: scenarios.Government, State: Planned, Instead: byJobs},
	{Row: 45, Name: scenarios.Text{Zh: "诉求办理", En: "appeals and complaints"}, Group: scenarios.Government, State: Planned, Instead: byHotline},
	{Row: 46, Name: scenarios.Text{Zh: "政务办事", En: "public affairs in one visit"}, Group: scenarios.Government, State: Planned, Instead: byOffice},
	{Row: 47, Name: scenarios.Text{Zh: "数据共享交换", En: "exchange of data between departments"}, Group: scenarios.Government, State: Planned, Instead: byOffice},
	{Row: 48, Name: scenarios.Text{Zh: "运营中心大屏", En: "the operations screen"}, Group: scenarios.Government, State: Planned, Instead: byHotline},
	{Row: 49, Name: scenarios.Text{Zh: "无智能手机人群的使用", En: "use without a smartphone"}, Group: scenarios.Public, State: Partly, Module: "scenarios/scenariotest", Instead: byDesk},
}
