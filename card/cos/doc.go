// Package cos is a card in software (卡操作系统): it answers the commands of the citizen application, keeps everything in
// a memory of package nvm, and comes back from a power failure in the middle of any write without a fen, a try or a
// counter lost or gained. SPEC.md is the normative text.
//
//	mem := nvm.New(cos.Pages)
//	err := cos.Format(mem, transportKey)      // what the chip's maker does
//	card, err := cos.New(mem, cos.Config{})
//	answer, err := card.Transmit(command)     // a card.Transport
//
// The rules of the memory (SPEC §9): all that changes together is in one record, which has two pages, A and B, with a
// generation and a checksum; a command writes whatever else it needs to places that no record refers to, and then the
// record into the page that does not hold the current one. That write is the only moment at which anything has happened.
//
// It is an emulator: keys lie in its memory in the clear, and SM2 and SM4 come from a library for computers. A chip that
// people carry needs the countermeasures of GM/T 0028 and the evaluation of GM/T 0041 besides.
package cos
