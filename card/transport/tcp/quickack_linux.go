package tcp

import (
	"net"
	"syscall"
)

// quickAck has the kernel acknowledge at once what has come in, now and for the next few packets. A link
// that is not TCP needs nothing.
func quickAck(conn net.Conn) error {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return err
	}
	var option error
	if err := raw.Control(func(fd uintptr) {
		option = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 1)
	}); err != nil {
		return err
	}
	return option
}
