package scenarios

import "github.com/citizencode/citizencode/citycode"

// ReasonText says in both languages why a code is refused and what its holder
// can do about it. It never says more about a person than the reason does.
func ReasonText(r citycode.Reason) Text {
	if t, ok := reasonTexts[r]; ok {
		return t
	}
	return Text{"无法识别，请联系工作人员", "This code cannot be read; please ask the staff"}
}

var reasonTexts = map[citycode.Reason]Text{
	citycode.Malformed:          {"这不是有效的市民码，请打开市民码页面重试", "This is not a citizen code; open your citizen code and try again"},
	citycode.UnsupportedVersion: {"本机尚不支持此版本的市民码，请联系工作人员", "This terminal does not know this version of the code; please ask the staff"},
	citycode.UnsupportedSuite:   {"本机尚不支持此码的算法，请联系工作人员", "This terminal does not know the algorithms of this code; please ask the staff"},
	citycode.UnsupportedProfile: {"本机尚不支持此类市民码，请联系工作人员", "This terminal does not know this kind of code; please ask the staff"},
	citycode.TerminalClockWrong: {"本机时钟不准，暂停验码，请到其他通道", "The clock of this terminal is wrong; please use another lane"},
	citycode.TrustStale:         {"本机信任列表过旧，暂停验码，请到其他通道", "The trust list of this terminal is too old; please use another lane"},
	citycode.UnknownIssuer:      {"发码机构不在本城信任列表内", "The issuer of this code is not on this city's trust list"},
	citycode.IssuerNotAllowed:   {"发码机构无权签发此类码", "The issuer may not issue codes of this kind"},
	citycode.BadIssuerSignature: {"签名不符，此码无效", "The issuer's signature does not match; this code is not valid"},
	citycode.BadHolderSignature: {"持码人签名不符，请在自己的手机上刷新后重试", "The holder's signature does not match; refresh the code on your own phone"},
	citycode.BadSignature:       {"签名不符，此码无效", "The signature does not match; this code is not valid"},
	citycode.IssuerKeyNotValid:  {"发码密钥已停用，请联网更新市民码", "The issuer's key is no longer in use; update your code online"},
	citycode.LifetimeExceeded:   {"此码有效期超出规定，请联网更新市民码", "This code claims a longer life than allowed; update your code online"},
	citycode.NotYetValid:        {"此码尚未生效，请检查手机时间", "This code is not valid yet; check the time of your phone"},
	citycode.Expired:            {"凭证已过期，请联网更新市民码", "The credential has expired; update your code online"},
	citycode.StatusUnknown:      {"无法确认此码状态，请到人工通道", "The status of this code cannot be told; please use the staffed lane"},
	citycode.Suspended:          {"此码已暂停使用，请在市民码应用中查看", "This code is suspended; see your citizen code app"},
	citycode.Revoked:            {"此码已注销，请使用新码", "This code has been revoked; use your new one"},
	citycode.ClockAhead:         {"手机时间超前，请校准后重试", "The clock of your phone is ahead; set it and try again"},
	citycode.CodeTooOld:         {"二维码已过期，请刷新", "This code is too old; refresh it"},
	citycode.WrongAudience:      {"此码不是为本场景出示的，请切换场景", "This code was shown for another place; choose this one in the app"},
	citycode.ChallengeMissing:   {"请按终端提示重新出示", "Please present it again as the terminal asks"},
	citycode.ChallengeMismatch:  {"此码不是为本终端生成的，请重新出示", "This code was made for another terminal; present it again"},
	citycode.ChallengeExpired:   {"应答超时，请重新出示", "The answer came too late; present it again"},
	citycode.ChallengeReused:    {"此应答已使用，请重新出示", "This answer was used already; present it again"},
	citycode.SourceMismatch:     {"码与来源不符，请刷新后重试", "The two parts of this code do not belong together; refresh it"},
	citycode.Replayed:           {"此码已使用，请刷新", "This code has been used; refresh it"},
	citycode.ReplayUnknown:      {"终端刚刚启动，请刷新后重试", "This terminal has just started; refresh the code and try again"},
	citycode.OverOfflineLimit:   {"离线次数已用完，请联网后重试", "The offline allowance is used up; go online and try again"},
	citycode.OnlineRequired:     {"此业务需要联网，请稍后或到人工窗口", "This service needs the network; wait or go to the staffed desk"},
}
