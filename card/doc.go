// Package card is where the citizen code meets an IC card: how a terminal and a card exchange bytes, and what may
// go wrong while they do. SPEC.md beside this file is the normative text.
//
//	card      Transport: one command in, one answer out
//	apdu      commands, answers, status words, and a Client that follows 61xx, 6Cxx and chains
//	tlv       BER-TLV, strict and lenient, and data object lists
//	key       symmetric keys that do not print themselves, diversification, check values, CBC-MAC
//	purse     the formulas and messages of the e-purse (电子钱包)
//	sm        secure messaging (安全报文) in two modes
//	perso     personalisation in bulk (批量制卡)
//	foreign   cards of others, read only; tunion, cityunion, sscard know their files
//	app       the citizen application: name, files, keys, access rules, messages
//	nvm       a memory whose power fails in the middle of a write
//	cos       a card in software
//
// The tree knows no token: it carries the bytes of one. Nothing that a card says has been verified; the credential
// and the signature that come out of it are for package citycode to judge.
package card
