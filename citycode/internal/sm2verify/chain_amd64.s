//go:build !purego

#include "textflag.h"

// Doubling one point again and again. A doubling takes three multiplications
// that wait for each other, and each of the three is done for four numbers at a
// time, in the 64-bit lanes of a 256-bit vector. Numbers are as in lanes_amd64.s:
// limbs of 52 bits, R = 2^260.
//
// The point is (X, Y, Z), Jacobian, as W = 2Y, with T = -3Z⁴ and M = 3X² + T
// (modified Jacobian coordinates, Cohen, Miyaji and Ono):
//
//	A    W·W           W·Z          M·M          -
//	     W²            Z'           M²
//	B    X·W²          X·W²         X·W²         W²·W²
//	     N = 3XW² - M²  N           X' = M² - 2XW²  U = W⁴
//	C    M·N           M·N          X'·X'        T·U
//	     W' = 2MN - U  W'           M' = 3X'² + T'  T' = TU
//
// In multiples of p: W, M, T < 1.01 after C, which is the only one that is folded;
// Z < 1.1, W², M² < 1.1; X·W² < 1.3, N < 5.9, X < 4.1, U < 1.1; M·N < 1.4, X'² < 2.1.

// Columns of a product: the low halves in Y0..Y8, the high halves, which belong
// to columns 1..9, in registers of their own, so that fewer additions wait for
// each other.
#define H1 Y9
#define H2 Y20
#define H3 Y21
#define H4 Y22
#define H5 Y23
#define H6 Y24
#define H7 Y25
#define H8 Y26
#define H9 Y27

#define PAIR(a, b, low, high) \
	VPMADD52LUQ a, b, low \
	VPMADD52HUQ a, b, high

// As STEP in lanes_amd64.s; t1 and h1 are the two parts of the next column, and
// no product is missing in them any more.
#define STEP(t0, t1, h1, t2, h2, t4, h5) \
	VPADDQ      h1, t1, t1   \
	VPSRAQ      $52, t0, Y28 \
	VPMADD52LUQ Y30, t0, t1  \
	VPADDQ      Y28, t1, t1  \
	VPMADD52HUQ Y30, t0, h2  \
	VPMADD52LUQ Y31, t0, t4  \
	VPMADD52HUQ Y31, t0, h5  \
	VPANDQ      Y29, t0, t0  \
	VPSUBQ      t0, t2, t2

// Y5..Y9 = Y10..Y14 times Y15..Y19, divided by R, raw.
#define MULTIPLY \
	VPXORQ Y0, Y0, Y0 \
	VPXORQ Y1, Y1, Y1 \
	VPXORQ Y2, Y2, Y2 \
	VPXORQ Y3, Y3, Y3 \
	VPXORQ Y4, Y4, Y4 \
	VPXORQ Y5, Y5, Y5 \
	VPXORQ Y6, Y6, Y6 \
	VPXORQ Y7, Y7, Y7 \
	VPXORQ Y8, Y8, Y8 \
	VPXORQ H1, H1, H1 \
	VPXORQ H2, H2, H2 \
	VPXORQ H3, H3, H3 \
	VPXORQ H4, H4, H4 \
	VPXORQ H5, H5, H5 \
	VPXORQ H6, H6, H6 \
	VPXORQ H7, H7, H7 \
	VPXORQ H8, H8, H8 \
	VPXORQ H9, H9, H9 \
	PAIR(Y10, Y15, Y0, H1) \
	PAIR(Y11, Y15, Y1, H2) \
	PAIR(Y12, Y15, Y2, H3) \
	PAIR(Y13, Y15, Y3, H4) \
	PAIR(Y14, Y15, Y4, H5) \
	PAIR(Y10, Y16, Y1, H2) \
	PAIR(Y11, Y16, Y2, H3) \
	PAIR(Y12, Y16, Y3, H4) \
	PAIR(Y13, Y16, Y4, H5) \
	PAIR(Y14, Y16, Y5, H6) \
	STEP(Y0, Y1, H1, Y2, H2, Y4, H5) \
	PAIR(Y10, Y17, Y2, H3) \
	PAIR(Y11, Y17, Y3, H4) \
	PAIR(Y12, Y17, Y4, H5) \
	PAIR(Y13, Y17, Y5, H6) \
	PAIR(Y14, Y17, Y6, H7) \
	STEP(Y1, Y2, H2, Y3, H3, Y5, H6) \
	PAIR(Y10, Y18, Y3, H4) \
	PAIR(Y11, Y18, Y4, H5) \
	PAIR(Y12, Y18, Y5, H6) \
	PAIR(Y13, Y18, Y6, H7) \
	PAIR(Y14, Y18, Y7, H8) \
	STEP(Y2, Y3, H3, Y4, H4, Y6, H7) \
	PAIR(Y10, Y19, Y4, H5) \
	PAIR(Y11, Y19, Y5, H6) \
	PAIR(Y12, Y19, Y6, H7) \
	PAIR(Y13, Y19, Y7, H8) \
	PAIR(Y14, Y19, Y8, H9) \
	STEP(Y3, Y4, H4, Y5, H5, Y7, H8) \
	STEP(Y4, Y5, H5, Y6, H6, Y8, H9) \
	VPADDQ H6, Y6, Y6 \
	VPADDQ H7, Y7, Y7 \
	VPADDQ H8, Y8, Y8 \
	VMOVDQA64 H9, Y9

// Y5..Y9 carried out, into d0..d4.
#define CARRY(d0, d1, d2, d3, d4) \
	VPSRAQ $52, Y5, Y28 \
	VPANDQ Y29, Y5, d0  \
	VPADDQ Y28, Y6, Y6  \
	VPSRAQ $52, Y6, Y28 \
	VPANDQ Y29, Y6, d1  \
	VPADDQ Y28, Y7, Y7  \
	VPSRAQ $52, Y7, Y28 \
	VPANDQ Y29, Y7, d2  \
	VPADDQ Y28, Y8, Y8  \
	VPSRAQ $52, Y8, Y28 \
	VPANDQ Y29, Y8, d3  \
	VPADDQ Y28, Y9, d4

// What is the same for each limb i, with registers a and b of operands.

// Before A: b = W, Z, M, T from a = W, W, M, T; for later, M, M, M, T; and for
// whoever asked, W, Z, X, T.
#define BEFOREA(i, a, b) \
	VMOVDQA64  a, b                  \
	VMOVDQU64  z+32*i(R9), K1, b     \
	VPERMQ     $0xea, a, Y0          \
	VMOVDQU64  Y0, mmt+32*i(R9)      \
	VMOVDQA64  b, Y1                 \
	VMOVDQU64  xxx+32*i(R9), K2, Y1  \
	VMOVDQU64  Y1, 32*i(DI)

// After A: a = X, X, X, W² and b = W², W², W², W² from b = W², Z', M²; for the
// end of B, 2p - M², 2p - M², 3p + M², 0; for the next time, Z'.
#define BEFOREB(i, a, b) \
	VMOVDQU64 b, z+32*i(R9)                 \
	VPERMQ    $0xaa, b, Y0                  \
	VPERMQ    $0x00, b, b                   \
	VMOVDQU64 xxx+32*i(R9), a               \
	VMOVDQA64 b, K3, a                      \
	VMOVDQU64 ·chainPlus+32*i(SB), Y1       \
	VPSUBQ    Y0, Y1, K4, Y1                \
	VPADDQ    Y0, Y1, K2, Y1                \
	VMOVDQU64 Y1, plus+32*i(R9)

// End of B: 3t, 3t, -2t, t, plus what was prepared.
#define AFTERB(i, t) \
	VPADDQ t, t, Y0             \
	VPADDQ Y0, t, K4, t         \
	VPSUBQ Y0, Y2, K2, t        \
	VPADDQ plus+32*i(R9), t, t

// After B: a = M, M, X', T from b = N, N, X', U; for the end of C, 2p - U,
// 2p - U, 0, 0; for the next time, X', X', X', X'.
#define BEFOREC(i, a, b) \
	VMOVDQU64 mmt+32*i(R9), a               \
	VMOVDQA64 b, K2, a                      \
	VPERMQ    $0xaa, b, Y0                  \
	VMOVDQU64 Y0, xxx+32*i(R9)              \
	VPERMQ    $0xff, b, Y0                  \
	VMOVDQU64 ·chainPlus+32*i(SB), K4, Y1   \
	VPSUBQ    Y0, Y1, K4, Y1                \
	VMOVDQU64 Y1, plus+32*i(R9)

// End of C: 2t, 2t, 3t + t of the last lane, t, plus what was prepared.
#define AFTERC(i, t) \
	VPERMQ $0xff, t, Y0         \
	VPADDQ t, Y0, Y0            \
	VPADDQ t, t, K5, t          \
	VPADDQ Y0, t, K2, t         \
	VPADDQ plus+32*i(R9), t, t

// From R9 on; each has 5·32 bytes.
#define z 0
#define xxx 160
#define mmt 320
#define plus 480

// func doubleChain(points *chainPoint, start *chainStart, digits *int8, n int)
// Doubles n-1 times, and writes the points before which digits is not 0, from
// the first to digits[n-1], one after the other. n is at least 1.
TEXT ·doubleChain(SB), NOSPLIT, $672-32
	MOVQ points+0(FP), DI
	MOVQ start+8(FP), AX
	MOVQ digits+16(FP), SI
	MOVQ n+24(FP), R8
	LEAQ 31(SP), R9
	ANDQ $~31, R9
	VMOVDQU64 0(AX), Y10
	VMOVDQU64 32(AX), Y11
	VMOVDQU64 64(AX), Y12
	VMOVDQU64 96(AX), Y13
	VMOVDQU64 128(AX), Y14
	MOVQ $10, CX
	MOVQ R9, DX
init: // z, xxx
	VMOVDQU64 160(AX), Y0
	VMOVDQU64 Y0, (DX)
	ADDQ $32, AX
	ADDQ $32, DX
	DECQ CX
	JNZ  init
	MOVQ         $0x000fffffffffffff, AX
	VPBROADCASTQ AX, Y29
	MOVQ         $0x000ff00000001000, AX
	VPBROADCASTQ AX, Y30
	MOVQ         $0x0000ffffffff0000, AX
	VPBROADCASTQ AX, Y31
	MOVL $2, AX
	KMOVW AX, K1
	MOVL $4, AX
	KMOVW AX, K2
	MOVL $8, AX
	KMOVW AX, K3
	MOVL $3, AX
	KMOVW AX, K4
	MOVL $7, AX
	KMOVW AX, K5

again:
	BEFOREA(0, Y10, Y15)
	BEFOREA(1, Y11, Y16)
	BEFOREA(2, Y12, Y17)
	BEFOREA(3, Y13, Y18)
	BEFOREA(4, Y14, Y19)
	XORL    CX, CX
	CMPB    (SI), $0
	SETNE   CL
	IMULQ   $160, CX
	ADDQ    CX, DI      // the next point overwrites one that nobody asked for
	INCQ    SI
	DECQ    R8
	JEQ     done
	MULTIPLY
	CARRY(Y15, Y16, Y17, Y18, Y19)
	BEFOREB(0, Y10, Y15)
	BEFOREB(1, Y11, Y16)
	BEFOREB(2, Y12, Y17)
	BEFOREB(3, Y13, Y18)
	BEFOREB(4, Y14, Y19)
	MULTIPLY
	VPXORQ Y2, Y2, Y2
	AFTERB(0, Y5)
	AFTERB(1, Y6)
	AFTERB(2, Y7)
	AFTERB(3, Y8)
	AFTERB(4, Y9)
	CARRY(Y15, Y16, Y17, Y18, Y19)
	VPXORQ Y1, Y1, Y1
	BEFOREC(0, Y10, Y15)
	BEFOREC(1, Y11, Y16)
	BEFOREC(2, Y12, Y17)
	BEFOREC(3, Y13, Y18)
	BEFOREC(4, Y14, Y19)
	MULTIPLY
	AFTERC(0, Y5)
	AFTERC(1, Y6)
	AFTERC(2, Y7)
	AFTERC(3, Y8)
	AFTERC(4, Y9)

	// As vfold in lanes_amd64.s.
	VPSRAQ $48, Y9, Y0
	VPSLLQ $48, Y0, Y1
	VPSLLQ $44, Y0, Y2
	VPSLLQ $12, Y0, Y3
	VPSLLQ $16, Y0, Y4
	VPADDQ Y0, Y5, Y5
	VPADDQ Y2, Y6, Y6
	VPSUBQ Y3, Y6, Y6
	VPSUBQ Y1, Y9, Y9
	VPADDQ Y4, Y9, Y9
	CARRY(Y10, Y11, Y12, Y13, Y14)
	JMP again
done:
	VZEROUPPER
	RET
