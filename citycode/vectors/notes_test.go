package vectors

// A note says what a flag stands for: which fault of an implementation the tests with it find.
type note struct {
	BugType     string `json:"bugType"`
	Description string `json:"description"`
	Clause      string `json:"clause"` // of citycode/SPEC.md, unless another is named
}

// Kinds of faults.
const (
	basic      = "BASIC"        // it does not work at all
	edge       = "EDGE_CASE"    // it fails rarely
	bypass     = "AUTH_BYPASS"  // it accepts what somebody made up
	confusion  = "CONFUSION"    // it takes one thing for another
	malleable  = "MALLEABILITY" // it gives one thing many spellings
	replay     = "REPLAY"       // it accepts a thing twice, or somewhere else, or later
	timing     = "TIME"
	parsing    = "PARSING"
	arithmetic = "ARITHMETIC"
	state      = "STATE" // it remembers what it should not, or forgets what it should
)

var notes = map[string]note{
	"Normal":   {basic, "An everyday case.", "§0"},
	"Standard": {basic, "A known answer that a GB/T standard prints.", "§1.2"},
	"Boundary": {edge, "The last value that is still allowed, or the first that is.", "§5"},
	"Order":    {bypass, "Two faults: the first reason in the order of §5 is the verdict. A verifier that looks at facts before signatures lets anyone compose a code that has a gate write \"revoked\".", "§5"},

	"FirstByte":    {confusion, "Other codes that Chinese terminals meet, and text in place of bytes.", "§2.1"},
	"Version":      {confusion, "Another version is called so, and not malformed, at any length.", "§5.2"},
	"Suite":        {confusion, "A deployed verifier ignores the format tag of signatures, so its algorithm can never be replaced. The sizes of an unknown suite are unknown.", "§2.2"},
	"Truncated":    {parsing, "Bytes are missing.", "§5.1"},
	"Extended":     {malleable, "Bytes that no signature covers: a place to write on, and a second spelling.", "§1.3"},
	"Length":       {parsing, "A length outside the allowed set. A deployed parser read hexadecimal lengths as decimal.", "§2.7"},
	"Segment":      {parsing, "Seal and source segment: in this order, and only as the profile says.", "§2.7"},
	"City":         {parsing, "City codes are 100000 to 999999.", "§2.3"},
	"PointPrefix":  {malleable, "A point begins with 02 or 03; everything else is a second spelling of a key, or infinity.", "§2.8"},
	"KeyMode":      {confusion, "The sender chooses nothing: the mode byte must be the profile's.", "§2.2"},
	"Stripped":     {bypass, "A part that proves something was taken off. A deployed verifier took a missing signature for a code that needs none.", "§2.2"},
	"StaticPerson": {bypass, "A static code never stands for a person: whoever sees it can copy it.", "§2.8"},
	"Static":       {basic, "A printed code of a thing, place, matter or organisation.", "§2.8"},
	"FieldValue":   {edge, "A value that one vendor issues and another refuses.", "§2.1"},
	"FieldOrder":   {confusion, "Fields or bytes in another order, as deployed issuers write them.", "§2.1"},
	"FieldWidth":   {edge, "A field of three bytes read as two.", "§2.5"},
	"U32":          {timing, "Times at the ends of 32 bits: sums and differences wrap.", "§1.1"},

	"UnknownProfile": {confusion, "A profile that the terminal does not know is refused, whatever its layout.", "§5.2"},
	"PrivateProfile": {confusion, "A private id means the pair of city and id.", "§3.1"},
	"Definition":     {confusion, "Two parties that mean different things by one id find out before a code is accepted.", "§3.4"},
	"TimeFloor":      {timing, "A clock before a time that somebody has signed is wrong for certain.", "§5.3"},
	"Epoch2000":      {timing, "A deployed system counts its seconds from the year 2000.", "§1.1"},
	"ClockZone":      {timing, "Deployed verifiers accept eight hours early and late to hide a mistake about time zones.", "§1.1"},
	"TrustStale":     {timing, "A trust list has an end.", "§5.3"},
	"UnknownIssuer":  {bypass, "A key that the trust list does not name.", "§5.3"},
	"IssuerRights":   {bypass, "A listed key speaks only for its profiles, its key mode and its scenes.", "§5.4"},
	"KeyUse":         {bypass, "A key has one use: who issues must not sign lists, nor a list key issue.", "§6.3"},
	"DuplicateId":    {bypass, "Two keys may share an id while one replaces the other. Both must be tried, and their rights never add up.", "§5.4"},

	"SelfChecked":     {bypass, "A deployed verifier checks the issuer's signature with a key that the code brings along: every forged chain passes.", "§5.5"},
	"UncheckedIssuer": {bypass, "A deployed verifier has the issuer's signature check commented out: every self-made key passes.", "§5.5"},
	"WrongKey":        {bypass, "A good signature of the wrong key.", "§5.5"},
	"WrongTag":        {confusion, "A signature that was made for one purpose is never valid for another.", "§1.2"},
	"WrongZA":         {confusion, "Z_A missing, or under another identifier or key.", "§1.2"},
	"WrongHash":       {confusion, "Another hash, or the right one in the wrong place.", "§1.2"},
	"ReEncoded":       {confusion, "Signatures are over the bytes as received: what was encoded again is not what was signed.", "§1.2"},
	"Coverage":        {bypass, "A signature that does not cover everything before it.", "§1.2"},
	"Altered":         {bypass, "A signed value was changed afterwards.", "§5.5"},
	"Moved":           {bypass, "A good signature, taken from elsewhere.", "§5.5"},
	"Malleable":       {malleable, "Another spelling of r and s.", "§1.2"},
	"DER":             {malleable, "DER is accepted nowhere: it gives one signature many spellings.", "§1.2"},
	"ScalarRange":     {bypass, "r and s lie in 1..n-1, and r+s is not n.", "§1.2"},
	"LeadingZero":     {edge, "Values with leading zero bytes keep their fixed length. Implementations that drop them fail once in 128.", "§1.2"},
	"OffCurve":        {bypass, "A point that is not on the curve has a group of the attacker's choice.", "§1.2"},
	"Carry":           {arithmetic, "A valid signature that a carry or a missing reduction makes invalid.", "GB/T 32918.2-2016, 7.1"},
	"Infinity":        {arithmetic, "The sum of the two products is the point at infinity: reject.", "GB/T 32918.2-2016, 7.1"},

	"Implicit":   {bypass, "One signature says that the issuer meant the static part and that its holder showed it now.", "§4.5"},
	"Lambda":     {bypass, "lambda is over W: otherwise anybody could choose a key and compute a W for words of his own.", "§4.5"},
	"Garbage":    {bypass, "Every W gives some key. Until the holder's signature has verified, nothing in the token is anybody's word.", "§4.5"},
	"Source":     {confusion, "The string in front of the text could be another patient's.", "§9.2"},
	"Grant":      {bypass, "Another city's code is taken only for what the grant and the entry of the key both have.", "§6.8"},
	"RootChange": {bypass, "The old set and the new one must both agree, each by its own threshold.", "§6.6"},
	"Delta":      {state, "From one state to one other, with nothing to choose. Revoked is for good.", "§7.6"},
	"Snapshot":   {state, "Lists of two days together say what no day said.", "§6.7"},
	"Delegation": {confusion, "Who shows the code, for whom, and within which limits.", "§4.7"},

	"KeyWindow":   {timing, "A key signs from issueFrom to issueUntil and counts to verifyUntil.", "§5.6"},
	"Lifetime":    {timing, "The key and the profile each limit the lifetime.", "§5.6"},
	"NotYetValid": {timing, "Before the credential begins.", "§5.7"},
	"Expired":     {timing, "After the credential has ended, by the terminal's now, without a skew.", "§5.7"},
	"Status":      {state, "Valid, suspended, revoked and unknown are four answers. A list that could not be fetched is neither valid nor revoked.", "§5.8"},
	"ClockAhead":  {timing, "How far a phone may be ahead.", "§5.9"},
	"CodeTooOld":  {timing, "How long a code, and a picture of it, is worth something.", "§5.9"},
	"Audience":    {replay, "In deployed systems nothing in the code says where it is shown: it is valid everywhere.", "§5.10"},
	"AnyAudience": {replay, "Audience 0 stands for the groups that mask and terminal share.", "§5.10"},
	"Challenge":   {replay, "A challenge is answered once, soon, here, whole, and only where it was asked.", "§5.11"},
	"Replay":      {replay, "For each serial the highest (time, counter), whatever the signature bytes. Deployed gates compare with the last code only.", "§5.12"},
	"Repeated":    {state, "A camera sees one code many times: the earlier verdict stands, and nothing opens twice.", "§5.0"},
	"NoTrace":     {state, "A refused code leaves no trace: or anyone could use up a citizen's code.", "§5.12"},
	"Online":      {state, "A handle that only an online service can resolve.", "§5.14"},

	"Threshold":      {bypass, "k of n distinct root keys.", "§6.4"},
	"OneKeyTwoNames": {bypass, "One key under two names would meet a threshold of two alone.", "§6.4"},
	"ForeignCity":    {bypass, "A city that could define another city's keys could issue its codes.", "§6.3"},
	"Ascending":      {malleable, "One order, and nothing twice: a list has one form.", "§6.3"},
	"Rollback":       {replay, "An older list would make valid again what was revoked.", "§6.2"},
	"Rice":           {parsing, "The coding of states: one coding for one list, and time linear in its length.", "§7.3"},

	"Text":       {parsing, "A decoder accepts exactly what an encoder emits: one token, one text.", "qr/SPEC.md §2"},
	"TextTail":   {edge, "The last block: the number of digits tells the number of bytes.", "qr/SPEC.md §3"},
	"TextBound":  {malleable, "A block or group above its bound would be a second text of the same token.", "qr/SPEC.md §3, §4"},
	"TextSpace":  {malleable, "A decoder trims nothing; what a scanner adds is taken off before.", "qr/SPEC.md §2"},
	"TextScript": {malleable, "ASCII digits and letters only.", "qr/SPEC.md §2"},
}
