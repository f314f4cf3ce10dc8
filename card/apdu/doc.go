// Package apdu implements the application protocol data units (应用协议数据单元) of ISO/IEC 7816-4 (GB/T 16649.4):
// commands in all seven cases, answers, status words as errors, and a client that follows 61xx and 6Cxx and chains.
//
//	client := apdu.NewClient(transport, apdu.Options{})
//	answer, err := client.Send(apdu.Command{INS: apdu.InsSelect, P1: 4, Data: aid, Ne: apdu.MaxShortNe})
//	if errors.Is(err, apdu.FileNotFound) { ... }
//
// Parse and Bytes are exact inverses, in both directions, for commands and for answers. Nothing here knows what a
// command means.
package apdu
