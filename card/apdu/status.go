package apdu

import "fmt"

// A Status is a status word (状态字) SW1 SW2. Every status but OK is an error, also the warnings: a terminal that
// means to live with one says so. Compare with errors.Is; the families MoreData, TriesLeft and WrongLe match every
// value of theirs.
type Status uint16

// The status words of ISO/IEC 7816-4 §5.6 and, from 9301, of the e-purse (JR/T 0025, JT/T 978).
const (
	OK                     Status = 0x9000
	MoreData               Status = 0x6100 // 61xx: xx more bytes are there, 00 for 256 or more
	Warning                Status = 0x6200
	DataMayBeCorrupted     Status = 0x6281
	EndOfFile              Status = 0x6282
	FileInvalidated        Status = 0x6283
	WrongFCIFormat         Status = 0x6284
	FileTerminated         Status = 0x6285
	AuthFailed             Status = 0x6300
	TriesLeft              Status = 0x63C0 // 63Cx: x tries are left
	ExecutionError         Status = 0x6400
	MemoryFailure          Status = 0x6581
	WrongLength            Status = 0x6700
	ChannelNotSupported    Status = 0x6881
	SecurityNotSupported   Status = 0x6882
	LastOfChainExpected    Status = 0x6883
	ChainingNotSupported   Status = 0x6884
	CommandNotAllowed      Status = 0x6900
	WrongFileType          Status = 0x6981
	SecurityNotSatisfied   Status = 0x6982
	AuthBlocked            Status = 0x6983
	ReferenceDataInvalid   Status = 0x6984
	ConditionsNotSatisfied Status = 0x6985
	NoCurrentFile          Status = 0x6986
	SecurityDataMissing    Status = 0x6987
	SecurityDataWrong      Status = 0x6988
	WrongData              Status = 0x6A80
	FunctionNotSupported   Status = 0x6A81
	FileNotFound           Status = 0x6A82
	RecordNotFound         Status = 0x6A83
	NotEnoughMemory        Status = 0x6A84
	WrongP1P2              Status = 0x6A86
	ReferenceDataNotFound  Status = 0x6A88
	FileExists             Status = 0x6A89
	WrongOffset            Status = 0x6B00
	WrongLe                Status = 0x6C00 // 6Cxx: xx is the length to ask for, 00 for 256
	InsNotSupported        Status = 0x6D00
	ClassNotSupported      Status = 0x6E00
	NoPreciseDiagnosis     Status = 0x6F00
	InsufficientFunds      Status = 0x9301
	MACError               Status = 0x9302
	AppBlocked             Status = 0x9303
	InsufficientBalance    Status = 0x9401
	CounterEnd             Status = 0x9402
	KeyIndexNotSupported   Status = 0x9403
	NoMACAvailable         Status = 0x9406
)

var statusNames = map[Status]struct{ en, zh string }{
	OK:                     {"success", "正确执行"},
	MoreData:               {"more data available", "正常处理，仍有数据可取"},
	Warning:                {"warning, memory unchanged", "警告，非易失存储器状态未变"},
	DataMayBeCorrupted:     {"returned data may be corrupted", "返回数据可能有错"},
	EndOfFile:              {"end of file before Le bytes", "读出Le字节前已到文件尾"},
	FileInvalidated:        {"selected file invalidated", "选择的文件无效"},
	WrongFCIFormat:         {"FCI format does not match P2", "文件控制信息格式与P2不符"},
	FileTerminated:         {"selected file terminated", "选择的文件处于终止状态"},
	AuthFailed:             {"authentication failed", "鉴别失败"},
	TriesLeft:              {"verification failed", "校验失败"},
	ExecutionError:         {"execution error, memory unchanged", "执行出错，非易失存储器状态未变"},
	MemoryFailure:          {"memory failure", "存储器故障"},
	WrongLength:            {"wrong length", "长度错误"},
	ChannelNotSupported:    {"logical channel not supported", "不支持逻辑信道"},
	SecurityNotSupported:   {"secure messaging not supported", "不支持安全报文"},
	LastOfChainExpected:    {"last command of the chain expected", "期待命令链的最后一条命令"},
	ChainingNotSupported:   {"command chaining not supported", "不支持命令链"},
	CommandNotAllowed:      {"command not allowed", "命令不允许"},
	WrongFileType:          {"command incompatible with file structure", "命令与文件结构不相容"},
	SecurityNotSatisfied:   {"security status not satisfied", "安全状态不满足"},
	AuthBlocked:            {"authentication method blocked", "鉴别方法锁定"},
	ReferenceDataInvalid:   {"reference data not usable", "引用数据无效"},
	ConditionsNotSatisfied: {"conditions of use not satisfied", "使用条件不满足"},
	NoCurrentFile:          {"no current file", "无当前基本文件"},
	SecurityDataMissing:    {"secure messaging data objects missing", "安全报文数据项丢失"},
	SecurityDataWrong:      {"secure messaging data objects incorrect", "安全报文数据项不正确"},
	WrongData:              {"wrong data", "数据域参数不正确"},
	FunctionNotSupported:   {"function not supported", "功能不支持"},
	FileNotFound:           {"file or application not found", "文件或应用未找到"},
	RecordNotFound:         {"record not found", "记录未找到"},
	NotEnoughMemory:        {"not enough memory in the file", "文件存储空间不够"},
	WrongP1P2:              {"wrong P1 P2", "参数P1 P2不正确"},
	ReferenceDataNotFound:  {"referenced data or key not found", "引用数据或密钥未找到"},
	FileExists:             {"file exists", "文件已存在"},
	WrongOffset:            {"offset outside the file", "偏移量超出文件"},
	WrongLe:                {"wrong Le", "Le长度错误"},
	InsNotSupported:        {"instruction not supported", "不支持的指令代码"},
	ClassNotSupported:      {"class not supported", "不支持的类别"},
	NoPreciseDiagnosis:     {"no precise diagnosis", "未给出准确诊断"},
	InsufficientFunds:      {"insufficient funds", "资金不足"},
	MACError:               {"MAC error", "MAC无效"},
	AppBlocked:             {"application blocked", "应用被锁定"},
	InsufficientBalance:    {"insufficient balance", "金额不足"},
	CounterEnd:             {"transaction counter at its end", "交易计数器达到最大值"},
	KeyIndexNotSupported:   {"key index not supported", "密钥索引不支持"},
	NoMACAvailable:         {"requested MAC not available", "所需MAC不可用"},
}

// Tries returns the status that says that n tries are left. From 15 up it says 15.
func Tries(n int) Status { return TriesLeft | Status(min(max(n, 0), 15)) }

// Remaining returns the number that a status of a family carries: bytes for MoreData and WrongLe (1..256), tries for
// TriesLeft (0..15). For any other status it returns false.
func (s Status) Remaining() (int, bool) {
	switch s.family() {
	case MoreData, WrongLe:
		return shortNe(byte(s)), true
	case TriesLeft:
		return int(s & 0xF), true
	}
	return 0, false
}

// family is the Status that stands for s in the table.
func (s Status) family() Status {
	switch {
	case s>>8 == 0x61, s>>8 == 0x6C:
		return s & 0xFF00
	case s>>4 == 0x63C:
		return TriesLeft
	}
	return s
}

func (s Status) valid() bool { return s >= 0x6100 && s < 0x7000 || s>>12 == 9 }

// Err returns nil for OK and s for all else.
func (s Status) Err() error {
	if s == OK {
		return nil
	}
	return s
}

// Is lets errors.Is find every 61xx by MoreData, 63Cx by TriesLeft and 6Cxx by WrongLe.
func (s Status) Is(target error) bool {
	t, ok := target.(Status)
	return ok && t == s.family()
}

// String returns the four hexadecimal digits.
func (s Status) String() string { return fmt.Sprintf("%04X", uint16(s)) }

// Name returns the English name, Chinese the term of the Chinese standards; both are empty for a status of a card
// maker's own.
func (s Status) Name() string { return statusNames[s.family()].en }

// Chinese returns the Chinese name.
func (s Status) Chinese() string { return statusNames[s.family()].zh }

// Error returns the digits and both names.
func (s Status) Error() string {
	line := s.String()
	if name := s.Name(); name != "" {
		line += " " + name
	}
	if n, ok := s.Remaining(); ok {
		line += fmt.Sprintf(" (%d)", n)
	}
	if zh := s.Chinese(); zh != "" {
		line += " " + zh
	}
	return line
}
