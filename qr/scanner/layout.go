package scanner

import (
	"sync"
	"unicode"
)

// A layout is what the 47 character keys of a keyboard type on one host, in the order of usKeys, alone and with shift. A
// dead key is given as the character it types where the next one does not combine with it. '\x00' is nothing.
type layout struct {
	name           string
	plain, shifted string
}

// usKeys is the layout that scanners type for unless they are told another.
const (
	usKeys    = "`1234567890-=qwertyuiop[]\\asdfghjkl;'zxcvbnm,./"
	usShifted = "~!@#$%^&*()_+QWERTYUIOP{}|ASDFGHJKL:\"ZXCVBNM<>?"
)

// layouts are those that are put right. The first that explains a scan names it.
var layouts = [...]layout{
	{"US", usKeys, usShifted},
	{"French", "²&é\"'(-è_çà)=azertyuiop^$*qsdfghjklmùwxcvbn,;:!", "~1234567890°+AZERTYUIOP¨£µQSDFGHJKLM%WXCVBN?./§"},
	{"Belgian", "²&é\"'(§è!çà)-azertyuiop^$µqsdfghjklmùwxcvbn,;:=", "³1234567890°_AZERTYUIOP¨*£QSDFGHJKLM%WXCVBN?./+"},
	{"German", "^1234567890ß´qwertzuiopü+#asdfghjklöäyxcvbnm,.-", "°!\"§$%&/()=?`QWERTZUIOPÜ*'ASDFGHJKLÖÄYXCVBNM;:_"},
	{"Swiss German", "§1234567890'^qwertzuiopü¨$asdfghjklöäyxcvbnm,.-", "°+\"*ç%&/()=?`QWERTZUIOPè!£ASDFGHJKLéàYXCVBNM;:_"},
	{"Swiss French", "§1234567890'^qwertzuiopè¨$asdfghjkléàyxcvbnm,.-", "°+\"*ç%&/()=?`QWERTZUIOPü!£ASDFGHJKLöäYXCVBNM;:_"},
	{"Italian", "\\1234567890'ìqwertyuiopè+ùasdfghjklòàzxcvbnm,.-", "|!\"£$%&/()=?^QWERTYUIOPé*§ASDFGHJKLç°ZXCVBNM;:_"},
	{"Spanish", "º1234567890'¡qwertyuiop`+çasdfghjklñ´zxcvbnm,.-", "ª!\"·$%&/()=?¿QWERTYUIOP^*ÇASDFGHJKLÑ¨ZXCVBNM;:_"},
	{"Portuguese", "\\1234567890'«qwertyuiop+´~asdfghjklçºzxcvbnm,.-", "|!\"#$%&/()=?»QWERTYUIOP*`^ASDFGHJKLÇªZXCVBNM;:_"},
	{"British", "`1234567890-=qwertyuiop[]#asdfghjkl;'zxcvbnm,./", "¬!\"£$%^&*()_+QWERTYUIOP{}~ASDFGHJKL:@ZXCVBNM<>?"},
	{"Czech", ";+ěščřžýáíé=´qwertzuiopú)¨asdfghjklů§yxcvbnm,.-", "°1234567890%ˇQWERTZUIOP/('ASDFGHJKL\"!YXCVBNM?:_"},
	{"Slovak", ";+ľščťžýáíé=´qwertzuiopúäňasdfghjklô§yxcvbnm,.-", "°1234567890%ˇQWERTZUIOP/()ASDFGHJKL\"!YXCVBNM?:_"},
	{"Hungarian", "0123456789öüóqwertzuiopőúűasdfghjkléáyxcvbnm,.-", "§'\"+!%/=()ÖÜÓQWERTZUIOPŐÚŰASDFGHJKLÉÁYXCVBNM?:_"},
	{"Swedish", "§1234567890+´qwertyuiopå¨'asdfghjklöäzxcvbnm,.-", "½!\"#¤%&/()=?`QWERTYUIOPÅ^*ASDFGHJKLÖÄZXCVBNM;:_"},
	{"Danish", "½1234567890+´qwertyuiopå¨'asdfghjklæøzxcvbnm,.-", "§!\"#¤%&/()=?`QWERTYUIOPÅ^*ASDFGHJKLÆØZXCVBNM;:_"},
	{"Norwegian", "|1234567890+\\qwertyuiopå¨'asdfghjkløæzxcvbnm,.-", "§!\"#¤%&/()=?`QWERTYUIOPÅ^*ASDFGHJKLØÆZXCVBNM;:_"},
	{"Turkish", "\"1234567890*-qwertyuıopğü,asdfghjklşizxcvbnmöç.", "é!'^+%&/()=?_QWERTYUIOPĞÜ;ASDFGHJKLŞİZXCVBNMÖÇ:"},
	{"Russian", "ё1234567890-=йцукенгшщзхъ\\фывапролджэячсмитьбю.", "Ё!\"№;%:?*()_+ЙЦУКЕНГШЩЗХЪ/ФЫВАПРОЛДЖЭЯЧСМИТЬБЮ,"},
	{"Lithuanian", "`ąčęėįšųū90-žqwertyuiop[]\\asdfghjkl;'zxcvbnm,./", "~ĄČĘĖĮŠŲŪ()_ŽQWERTYUIOP{}|ASDFGHJKL:\"ZXCVBNM<>?"},
	{"Lithuanian (X11)", "`ąčęėįšųū„“-žqwertyuiop[]\\asdfghjkl;'zxcvbnm,./", "~ĄČĘĖĮŠŲŪ()_ŽQWERTYUIOP{}|ASDFGHJKL:\"ZXCVBNM<>?"},
	{"Vietnamese", "`ăâêô\u0300\u0309\u0303\u0301\u0323đ-₫qwertyuiopươ\\asdfghjkl;'zxcvbnm,./", "~ĂÂÊÔ%^&*(Đ_+QWERTYUIOPƯƠ|ASDFGHJKL:\"ZXCVBNM<>?"},
	{"Thai", "_ๅ/-ภถุึคตจขชๆไำพะัีรนยบลฃฟหกดเ้่าสวงผปแอิืทมใฝ", "%+๑๒๓๔ู฿๕๖๗๘๙๐\"ฎฑธํ๊ณฯญฐ,ฅฤฆฏโฌ็๋ษศซ.()ฉฮฺ์?ฒฬฦ"},
	{"Persian", "\x00۱۲۳۴۵۶۷۸۹۰-=ضصثقفغعهخحجچ\\شسیبلاتنمکگظطزرذدپو./", ""},
	{"Arabic-Indic digits", "\x00١٢٣٤٥٦٧٨٩٠", ""},
	{"full-width", "｀１２３４５６７８９０－＝ｑｗｅｒｔｙｕｉｏｐ［］＼ａｓｄｆｇｈｊｋｌ；＇ｚｘｃｖｂｎｍ，．／", "～！＠＃＄％＾＆＊（）＿＋ＱＷＥＲＴＹＵＩＯＰ｛｝｜ＡＳＤＦＧＨＪＫＬ：＂ＺＸＣＶＢＮＭ＜＞？"},
}

// Layouts returns the names of the keyboard layouts that are known.
func Layouts() []string {
	names := make([]string, len(layouts))
	for i := range layouts {
		names[i] = layouts[i].name
	}
	return names
}

// A lock is what a key that locks has done to the keyboard.
type lock uint8

const (
	noLock    lock = iota
	capsLock       // letters change their case
	shiftLock      // every key is as if with shift: what caps lock is on some hosts
	locks
)

// A table tells which key a character was typed with.
type table struct {
	name string
	lock lock
	us   map[rune]byte // the character of usKeys or usShifted; 0 for one that two keys type
}

// tables are those of all layouts, each without a lock, with caps lock and with shift lock.
var tables = sync.OnceValue(func() (all []table) {
	for _, l := range layouts {
		for k := range locks {
			all = append(all, l.table(k))
		}
	}
	return all
})

func layoutNamed(name string) *layout {
	for i := range layouts {
		if layouts[i].name == name {
			return &layouts[i]
		}
	}
	return nil
}

func (l *layout) table(k lock) table {
	t := table{l.name, k, map[rune]byte{' ': ' '}}
	if l.name == "full-width" {
		t.us['\u3000'] = ' '
	}
	plain, shifted := []rune(l.plain), []rune(l.shifted)
	put := func(r rune, us byte) {
		if was, ok := t.us[r]; ok && was != us {
			us = 0 // two keys type it
		}
		if r != 0 {
			t.us[r] = us
		}
	}
	for i := range max(len(plain), len(shifted)) {
		var p, s rune
		if i < len(plain) {
			p = plain[i]
		}
		if i < len(shifted) {
			s = shifted[i]
		}
		switch upper := unicode.ToUpper(p); {
		case k == shiftLock, k == capsLock && upper == s:
			p, s = s, p
		case k == capsLock && upper != p: // a letter that shares its key with something else
			p = upper
		}
		put(p, usKeys[i])
		put(s, usShifted[i])
	}
	return t
}

// undo returns what the scanner typed for, or false where a character is of no single key.
func (t *table) undo(typed string) (string, bool) {
	out := make([]byte, 0, len(typed))
	for _, r := range typed {
		us := t.us[r]
		if us == 0 {
			return "", false
		}
		out = append(out, us)
	}
	return string(out), true
}
