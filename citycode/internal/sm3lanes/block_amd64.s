//go:build !purego

#include "textflag.h"

// Sixteen compressions of SM3 at a time, one in each 32-bit lane of a vector.
// Between the rounds nothing moves from lane to lane, so every instruction here is
// one step of GB/T 32905-2016, 5.3, done sixteen times.
//
// Z0..Z7 hold A..H. Z16..Z31 hold a window of sixteen words W of the message:
// Wj is in Z(16 + j mod 16), and gives its place to Wj+16. Z8..Z12 are scratch,
// Z15 the order of bytes, CX the constants of the rounds.

// VPTERNLOGD takes a truth table. Its operands count 4, 2 and 1, the target first:
// x^y^z, the majority of x, y and z, and y or z as x says.
#define XOR 0x96
#define MAJORITY 0xe8
#define CHOOSE 0xca

// One round. SS1 = ((a<<<12) + e + T)<<<7, SS2 = SS1 ^ (a<<<12);
// d = FF(a,b,c) + d + SS2 + (w^w4), the next a; h = P0(GG(e,f,g) + h + SS1 + w),
// the next e; b <<<= 9, f <<<= 19. The other names move by one at the next round,
// for which no instruction is needed. T stands at t(CX), ready turned.
#define ROUND(FF, GG, t, a, b, c, d, e, f, g, h, w, w4) \
	VPROLD      $12, a, Z8          \
	VPADDD.BCST t(CX), e, Z9        \
	VPADDD      Z8, Z9, Z9          \
	VPROLD      $7, Z9, Z9          \
	VPXORD      Z9, Z8, Z8          \
	VMOVDQA32   a, Z10              \
	VPTERNLOGD  $FF, c, b, Z10      \
	VPXORD      w, w4, Z11          \
	VPADDD      Z10, d, d           \
	VPADDD      Z11, d, d           \
	VPADDD      Z8, d, d            \
	VMOVDQA32   e, Z12              \
	VPTERNLOGD  $GG, g, f, Z12      \
	VPADDD      w, h, h             \
	VPADDD      Z12, h, h           \
	VPADDD      Z9, h, h            \
	VPROLD      $9, b, b            \
	VPROLD      $19, f, f           \
	VPROLD      $9, h, Z8           \
	VPROLD      $17, h, Z9          \
	VPTERNLOGD  $XOR, Z8, Z9, h

// The place of Wj gets Wj+16 = P1(Wj ^ Wj+7 ^ (Wj+13<<<15)) ^ (Wj+3<<<7) ^ Wj+10,
// where P1(x) = x ^ (x<<<15) ^ (x<<<23).
#define EXPAND(w, w3, w7, w10, w13) \
	VPROLD     $15, w13, Z8       \
	VPTERNLOGD $XOR, w7, Z8, w    \
	VPROLD     $15, w, Z9         \
	VPROLD     $23, w, Z10        \
	VPTERNLOGD $XOR, Z9, Z10, w   \
	VPROLD     $7, w3, Z11        \
	VPTERNLOGD $XOR, w10, Z11, w

#define ENOUGH(w, w3, w7, w10, w13)

// Four rounds, after which A..H have their names again. MORE is EXPAND, or ENOUGH
// when the words that are still needed are there.
#define FOUR(MORE, FF, GG, t, w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, w10, w11, w12, w13, w14, w15) \
	ROUND(FF, GG, t+0, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, w0, w4)   \
	MORE(w0, w3, w7, w10, w13)                                   \
	ROUND(FF, GG, t+4, Z3, Z0, Z1, Z2, Z7, Z4, Z5, Z6, w1, w5)   \
	MORE(w1, w4, w8, w11, w14)                                   \
	ROUND(FF, GG, t+8, Z2, Z3, Z0, Z1, Z6, Z7, Z4, Z5, w2, w6)   \
	MORE(w2, w5, w9, w12, w15)                                   \
	ROUND(FF, GG, t+12, Z1, Z2, Z3, Z0, Z5, Z6, Z7, Z4, w3, w7)  \
	MORE(w3, w6, w10, w13, w0)

// Sixteen rounds: the window goes once around.
#define SIXTEEN(FIRST, REST, FF, GG) \
	FOUR(FIRST, FF, GG, 0, Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29, Z30, Z31) \
	FOUR(REST, FF, GG, 16, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29, Z30, Z31, Z16, Z17, Z18, Z19) \
	FOUR(REST, FF, GG, 32, Z24, Z25, Z26, Z27, Z28, Z29, Z30, Z31, Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23) \
	FOUR(REST, FF, GG, 48, Z28, Z29, Z30, Z31, Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27) \
	ADDQ $64, CX

// r = four words, from byte at on, of lanes n, n+4, n+8 and n+12, whose blocks'
// addresses are at SI: one lane in each quarter of the vector. Bytes are in the
// order of numbers then.
#define QUARTERS(n, at, x, r) \
	MOVQ          8*(n)(SI), AX        \
	MOVQ          8*(n+4)(SI), BX      \
	MOVQ          8*(n+8)(SI), R8      \
	MOVQ          8*(n+12)(SI), R9     \
	VMOVDQU       at(AX), x            \
	VINSERTI32X4  $1, at(BX), r, r     \
	VINSERTI32X4  $2, at(R8), r, r     \
	VINSERTI32X4  $3, at(R9), r, r     \
	VPSHUFB       Z15, r, r

// w0..w3 = words at/4.. of all lanes, in their order: a transposition of four times
// four words in each quarter, first of single words and then of pairs.
#define WORDS(at, w0, w1, w2, w3) \
	QUARTERS(0, at, X8, Z8)   \
	QUARTERS(1, at, X9, Z9)   \
	QUARTERS(2, at, X10, Z10) \
	QUARTERS(3, at, X11, Z11) \
	VPUNPCKLDQ  Z9, Z8, w0    \
	VPUNPCKHDQ  Z9, Z8, w2    \
	VPUNPCKLDQ  Z11, Z10, Z12 \
	VPUNPCKHDQ  Z11, Z10, Z13 \
	VPUNPCKHQDQ Z12, w0, w1   \
	VPUNPCKLQDQ Z12, w0, w0   \
	VPUNPCKHQDQ Z13, w2, w3   \
	VPUNPCKLQDQ Z13, w2, w2

// What 5.3.3 ends with, V = ABCDEFGH ^ V, in the lanes of K1.
#define ADDTO(at, v) \
	VPXORD    at(DI), v, v     \
	VMOVDQU32 v, K1, at(DI)

// func blockAVX512(s *state, from *[Lanes]*[BlockSize]byte, active uint16)
TEXT ·blockAVX512(SB), NOSPLIT, $0-18
	MOVQ  s+0(FP), DI
	MOVQ  from+8(FP), SI
	KMOVW active+16(FP), K1
	LEAQ  ·constants(SB), CX

	VBROADCASTI32X4 ·byteOrder(SB), Z15
	WORDS(0, Z16, Z17, Z18, Z19)
	WORDS(16, Z20, Z21, Z22, Z23)
	WORDS(32, Z24, Z25, Z26, Z27)
	WORDS(48, Z28, Z29, Z30, Z31)

	VMOVDQU32 0(DI), Z0
	VMOVDQU32 64(DI), Z1
	VMOVDQU32 128(DI), Z2
	VMOVDQU32 192(DI), Z3
	VMOVDQU32 256(DI), Z4
	VMOVDQU32 320(DI), Z5
	VMOVDQU32 384(DI), Z6
	VMOVDQU32 448(DI), Z7

	SIXTEEN(EXPAND, EXPAND, XOR, XOR)
	MOVL $2, DX

middle:
	SIXTEEN(EXPAND, EXPAND, MAJORITY, CHOOSE)
	DECL DX
	JNZ  middle

	SIXTEEN(EXPAND, ENOUGH, MAJORITY, CHOOSE)

	ADDTO(0, Z0)
	ADDTO(64, Z1)
	ADDTO(128, Z2)
	ADDTO(192, Z3)
	ADDTO(256, Z4)
	ADDTO(320, Z5)
	ADDTO(384, Z6)
	ADDTO(448, Z7)
	VZEROUPPER
	RET
