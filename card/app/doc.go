// Package app is the layout of the citizen application (市民卡应用) on a card, as card, terminal and personaliser share
// it: its name, files, keys and access rules, and the messages that belong to no other package. It computes nothing
// secret and knows no token. SPEC.md §1, §2 and §4 are the normative text.
//
//	client.Send(Select(aid))                        -> FCI: serial number, versions, who issued the credential
//	client.Send(ReadBinary(SFICredential, 0, 256))  -> the credential, whole
//	client.Send(InternalAuthenticate(request))      -> AuthenticateAnswer: counter and signature
package app
