//go:build !purego

#include "textflag.h"
#include "funcdata.h"

// Eight numbers modulo p at a time, one in each 64-bit lane of a vector: five
// limbs of 52 bits, lowest first, Montgomery form with R = 2^260. In memory a
// vector element has 5·64 bytes, limb after limb; where an "element" is meant
// here it is that. Limbs are below 2^52 and values below 16p, unless it says raw:
// then a limb is a signed number of 64 bits, and only the sum of limbs·2^(52i),
// which is not negative, counts.
//
// Z29 the mask of 52 bits, Z30 and Z31 two limbs of p+1, Z28 zero, from CONSTANTS.
// The routines in <> take the addresses of elements in SI and BX and give their
// result in Z5..Z9. They write Z0..Z19 and nothing else.

#define CONSTANTS \
	MOVQ         $0x000fffffffffffff, AX \
	VPBROADCASTQ AX, Z29 \
	MOVQ         $0x000ff00000001000, AX \
	VPBROADCASTQ AX, Z30 \
	MOVQ         $0x0000ffffffff0000, AX \
	VPBROADCASTQ AX, Z31 \
	VPXORQ       Z28, Z28, Z28

// Columns t0..t5 += a·b, a in Z10..Z14: the low 52 bits of a product of limbs go
// to the column of the two, the high 52 bits to the next.
#define ROW(b, t0, t1, t2, t3, t4, t5) \
	VMOVDQU64   b, Z15       \
	VPMADD52LUQ Z15, Z10, t0 \
	VPMADD52LUQ Z15, Z11, t1 \
	VPMADD52LUQ Z15, Z12, t2 \
	VPMADD52LUQ Z15, Z13, t3 \
	VPMADD52LUQ Z15, Z14, t4 \
	VPMADD52HUQ Z15, Z10, t1 \
	VPMADD52HUQ Z15, Z11, t2 \
	VPMADD52HUQ Z15, Z12, t3 \
	VPMADD52HUQ Z15, Z13, t4 \
	VPMADD52HUQ Z15, Z14, t5

#define LOADA \
	VMOVDQU64 0(SI), Z10   \
	VMOVDQU64 64(SI), Z11  \
	VMOVDQU64 128(SI), Z12 \
	VMOVDQU64 192(SI), Z13 \
	VMOVDQU64 256(SI), Z14

#define ZERO \
	VPXORQ Z0, Z0, Z0 \
	VPXORQ Z1, Z1, Z1 \
	VPXORQ Z2, Z2, Z2 \
	VPXORQ Z3, Z3, Z3 \
	VPXORQ Z4, Z4, Z4 \
	VPXORQ Z5, Z5, Z5 \
	VPXORQ Z6, Z6, Z6 \
	VPXORQ Z7, Z7, Z7 \
	VPXORQ Z8, Z8, Z8 \
	VPXORQ Z9, Z9, Z9

// Columns Z0..Z9 += x·y, x at SI and y at BX.
TEXT product<>(SB), NOSPLIT, $0-0
	LOADA
	ROW(0(BX), Z0, Z1, Z2, Z3, Z4, Z5)
	ROW(64(BX), Z1, Z2, Z3, Z4, Z5, Z6)
	ROW(128(BX), Z2, Z3, Z4, Z5, Z6, Z7)
	ROW(192(BX), Z3, Z4, Z5, Z6, Z7, Z8)
	ROW(256(BX), Z4, Z5, Z6, Z7, Z8, Z9)
	RET

// One step of the Montgomery reduction of columns: adds m·p, where m is the low
// 52 bits of t0, because p = -1 mod 2^52. That is m·(p+1) - m. The -m leaves of
// t0 what carries into t1. In limbs of 52 bits, from limb 1 on, p+1 is 2^12-2^44,
// 0, 0, 2^48-2^16. The first is negative; Z30 is that plus 2^52, so that m is
// to be subtracted in the column above. Z31 is the last.
#define STEP(t0, t1, t2, t4, t5) \
	VPMADD52LUQ Z30, t0, t1  \
	VPSRAQ      $52, t0, Z16 \
	VPANDQ      Z29, t0, Z17 \
	VPMADD52HUQ Z30, t0, t2  \
	VPADDQ      Z16, t1, t1  \
	VPSUBQ      Z17, t2, t2  \
	VPMADD52LUQ Z31, t0, t4  \
	VPMADD52HUQ Z31, t0, t5

// Z5..Z9 = x·y/R, raw, where x is at SI and y at BX. If x < a·p and y < b·p, it
// is below (ab/16 + 1)·p.
TEXT vmul<>(SB), NOSPLIT|NOFRAME, $0-0
	ZERO
	CALL product<>(SB)
	JMP  vreduce<>(SB)

// Z5..Z9 = columns Z0..Z9 divided by R, raw.
TEXT vreduce<>(SB), NOSPLIT, $0-0
	STEP(Z0, Z1, Z2, Z4, Z5)
	STEP(Z1, Z2, Z3, Z5, Z6)
	STEP(Z2, Z3, Z4, Z6, Z7)
	STEP(Z3, Z4, Z5, Z7, Z8)
	STEP(Z4, Z5, Z6, Z8, Z9)
	RET

#define PAIR(a, b, t0, t1) \
	VPMADD52LUQ a, b, t0 \
	VPMADD52HUQ a, b, t1

// Z5..Z9 = x²/R, raw, where x is at SI.
TEXT vsquare<>(SB), NOSPLIT, $0-0
	ZERO
	LOADA
	PAIR(Z10, Z11, Z1, Z2)
	PAIR(Z10, Z12, Z2, Z3)
	PAIR(Z10, Z13, Z3, Z4)
	PAIR(Z10, Z14, Z4, Z5)
	PAIR(Z11, Z14, Z5, Z6)
	PAIR(Z12, Z14, Z6, Z7)
	PAIR(Z13, Z14, Z7, Z8)
	PAIR(Z11, Z12, Z3, Z4)
	PAIR(Z12, Z13, Z5, Z6)
	PAIR(Z11, Z13, Z4, Z5)
	VPADDQ Z1, Z1, Z1
	VPADDQ Z2, Z2, Z2
	VPADDQ Z3, Z3, Z3
	VPADDQ Z4, Z4, Z4
	VPADDQ Z5, Z5, Z5
	VPADDQ Z6, Z6, Z6
	VPADDQ Z7, Z7, Z7
	VPADDQ Z8, Z8, Z8
	PAIR(Z10, Z10, Z0, Z1)
	PAIR(Z11, Z11, Z2, Z3)
	PAIR(Z12, Z12, Z4, Z5)
	PAIR(Z13, Z13, Z6, Z7)
	PAIR(Z14, Z14, Z8, Z9)
	JMP vreduce<>(SB)

// Z5..Z9, raw and at least 0, made less than 1.01p, still raw: of the highest
// limb what is above 2^256, h, is replaced by h·(2^224 + 2^96 - 2^64 + 1).
TEXT vfold<>(SB), NOSPLIT, $0-0
	VPSRAQ $48, Z9, Z16
	VPSLLQ $48, Z16, Z17
	VPSLLQ $16, Z16, Z18
	VPSUBQ Z17, Z9, Z9
	VPSLLQ $44, Z16, Z17
	VPADDQ Z18, Z9, Z9
	VPSLLQ $12, Z16, Z18
	VPADDQ Z17, Z6, Z6
	VPADDQ Z16, Z5, Z5
	VPSUBQ Z18, Z6, Z6
	RET

// Z5..Z9 carried out: no longer raw.
TEXT vcarry<>(SB), NOSPLIT, $0-0
	VPSRAQ $52, Z5, Z16
	VPANDQ Z29, Z5, Z5
	VPADDQ Z16, Z6, Z6
	VPSRAQ $52, Z6, Z16
	VPANDQ Z29, Z6, Z6
	VPADDQ Z16, Z7, Z7
	VPSRAQ $52, Z7, Z16
	VPANDQ Z29, Z7, Z7
	VPADDQ Z16, Z8, Z8
	VPSRAQ $52, Z8, Z16
	VPANDQ Z29, Z8, Z8
	VPADDQ Z16, Z9, Z9
	RET

#define STORE(at) \
	VMOVDQU64 Z5, 0+at(R9)   \
	VMOVDQU64 Z6, 64+at(R9)  \
	VMOVDQU64 Z7, 128+at(R9) \
	VMOVDQU64 Z8, 192+at(R9) \
	VMOVDQU64 Z9, 256+at(R9)

#define LOAD(at) \
	VMOVDQU64 0+at(R9), Z5   \
	VMOVDQU64 64+at(R9), Z6  \
	VMOVDQU64 128+at(R9), Z7 \
	VMOVDQU64 192+at(R9), Z8 \
	VMOVDQU64 256+at(R9), Z9

// As STORE, in the lanes of K2 only.
#define STOREK2(at) \
	VMOVDQU64 Z5, K2, 0+at(R9)   \
	VMOVDQU64 Z6, K2, 64+at(R9)  \
	VMOVDQU64 Z7, K2, 128+at(R9) \
	VMOVDQU64 Z8, K2, 192+at(R9) \
	VMOVDQU64 Z9, K2, 256+at(R9)

#define ADDTO(at) \
	VPADDQ 0+at(R9), Z5, Z5   \
	VPADDQ 64+at(R9), Z6, Z6  \
	VPADDQ 128+at(R9), Z7, Z7 \
	VPADDQ 192+at(R9), Z8, Z8 \
	VPADDQ 256+at(R9), Z9, Z9

#define SUBFROM(at) \
	VPSUBQ 0+at(R9), Z5, Z5   \
	VPSUBQ 64+at(R9), Z6, Z6  \
	VPSUBQ 128+at(R9), Z7, Z7 \
	VPSUBQ 192+at(R9), Z8, Z8 \
	VPSUBQ 256+at(R9), Z9, Z9

// Z5..Z9 = -Z5..Z9
#define NEGATE \
	VPSUBQ Z5, Z28, Z5 \
	VPSUBQ Z6, Z28, Z6 \
	VPSUBQ Z7, Z28, Z7 \
	VPSUBQ Z8, Z28, Z8 \
	VPSUBQ Z9, Z28, Z9

// The same in the lanes of a mask.
#define NEGATEK(k) \
	VPSUBQ Z5, Z28, k, Z5 \
	VPSUBQ Z6, Z28, k, Z6 \
	VPSUBQ Z7, Z28, k, Z7 \
	VPSUBQ Z8, Z28, k, Z8 \
	VPSUBQ Z9, Z28, k, Z9

// Z5..Z9 += a row of laneMultiples.
#define R1 0
#define P2 1
#define P3 2
#define P5 3
#define P17 4
#define ADDP(m) \
	VPADDQ.BCST ·laneMultiples+(m*40+0)(SB), Z5, Z5  \
	VPADDQ.BCST ·laneMultiples+(m*40+8)(SB), Z6, Z6  \
	VPADDQ.BCST ·laneMultiples+(m*40+16)(SB), Z7, Z7 \
	VPADDQ.BCST ·laneMultiples+(m*40+24)(SB), Z8, Z8 \
	VPADDQ.BCST ·laneMultiples+(m*40+32)(SB), Z9, Z9

#define ADDPK(m, k) \
	VPADDQ.BCST ·laneMultiples+(m*40+0)(SB), Z5, k, Z5  \
	VPADDQ.BCST ·laneMultiples+(m*40+8)(SB), Z6, k, Z6  \
	VPADDQ.BCST ·laneMultiples+(m*40+16)(SB), Z7, k, Z7 \
	VPADDQ.BCST ·laneMultiples+(m*40+24)(SB), Z8, k, Z8 \
	VPADDQ.BCST ·laneMultiples+(m*40+32)(SB), Z9, k, Z9

// A sum of points and what is needed on the way, from R9 on.
#define X 0
#define Y 320
#define ZZ 640
#define W 960
#define E 1280
#define L 1600
#define EE 1920
#define E3 2240
#define Q 2560
#define G 2880
#define QX 3200
#define QY 3520
#define T1 3840
#define T2 4160
#define SIZE 4480

#define MUL(x, y) \
	LEAQ x(R9), SI \
	LEAQ y(R9), BX \
	CALL vmul<>(SB)

#define SQUARE(x) \
	LEAQ x(R9), SI \
	CALL vsquare<>(SB)

// One coordinate, word first to first+3, of the points in lanes K2 whose
// addresses are in Z20: into Z5..Z9, times 2^4, which turns 2^256, the R of
// tables, into 2^260. Below 16p and a little. Writes AX, K1, Z16, Z21..Z24.
#define GATHER(word, z) \
	KMOVW      K2, K1                    \
	VPXORQ     z, z, z                   \
	VPGATHERQQ (word)*8(AX)(Z20*1), K1, z

#define COORDINATE(first) \
	XORL   AX, AX            \
	GATHER(first+0, Z21)     \
	GATHER(first+1, Z22)     \
	GATHER(first+2, Z23)     \
	GATHER(first+3, Z24)     \
	VPSLLQ $4, Z21, Z5       \
	VPSRLQ $48, Z21, Z6      \
	VPSLLQ $16, Z22, Z16     \
	VPORQ  Z16, Z6, Z6       \
	VPSRLQ $36, Z22, Z7      \
	VPSLLQ $28, Z23, Z16     \
	VPORQ  Z16, Z7, Z7       \
	VPSRLQ $24, Z23, Z8      \
	VPSLLQ $40, Z24, Z16     \
	VPORQ  Z16, Z8, Z8       \
	VPSRLQ $12, Z24, Z9      \
	VPANDQ Z29, Z5, Z5       \
	VPANDQ Z29, Z6, Z6       \
	VPANDQ Z29, Z7, Z7       \
	VPANDQ Z29, Z8, Z8

// Five limbs of the numbers at offset of the chain points in lanes K2, at DI plus
// what is in Z20, times 2^shift, raw. Writes K1.
#define GATHERED(offset, shift, l0, l1, l2, l3, l4) \
	LIMB(offset, shift, l0)     \
	LIMB(offset+32, shift, l1)  \
	LIMB(offset+64, shift, l2)  \
	LIMB(offset+96, shift, l3)  \
	LIMB(offset+128, shift, l4)

#define LIMB(offset, shift, l) \
	KMOVW      K2, K1                       \
	VPXORQ     l, l, l                      \
	VPGATHERQQ (offset)(DI)(Z20*1), K1, l   \
	VPSLLQ     $shift, l, l

// The rest of an addition, from E = x1 - x2 and L = y2 - y1 with each point
// scaled by the other's denominators, both in memory. first is x1, scaled, and
// second y1, zz and w are the product of the denominators:
//
//	Q = first·E²   X = L² + E³ - 2Q   Y = L·(Q - X) + second·E³   ZZ = zz·E²   W = w·E³
//
// That is the usual sum with W negated. In multiples of p, E < 4.1, L < 7.3,
// first < 1.1, second < 2.8, zz < 1.3, w < 1.3; then E² < 2.1, E³ < 1.6, Q < 1.2,
// X < 1.01, Q - X < 3.2, Y < 2.8, ZZ < 1.2, W < 1.2. Whatever is subtracted from
// is first given as many times p as the bounds ask for.
#define FINISH(first, second, zz, w, STORER) \
	SQUARE(E)             \
	CALL vcarry<>(SB)     \
	STORE(EE)             \
	MUL(E, EE)            \
	CALL vcarry<>(SB)     \
	STORE(E3)             \
	MUL(first, EE)        \
	CALL vcarry<>(SB)     \
	STORE(Q)              \
	MUL(zz, EE)           \
	CALL vcarry<>(SB)     \
	STORER(ZZ)            \
	MUL(w, E3)            \
	CALL vcarry<>(SB)     \
	STORER(W)             \
	SQUARE(L)             \
	ADDTO(E3)             \
	SUBFROM(Q)            \
	SUBFROM(Q)            \
	ADDP(P3)               \
	CALL vfold<>(SB)      \
	CALL vcarry<>(SB)     \
	STORER(X)             \
	NEGATE                \
	ADDTO(Q)              \
	ADDP(P2)               \
	CALL vcarry<>(SB)     \
	STORE(G)              \
	ZERO                  \
	LEAQ second(R9), SI   \
	LEAQ E3(R9), BX       \
	CALL product<>(SB)    \
	LEAQ L(R9), SI        \
	LEAQ G(R9), BX        \
	CALL product<>(SB)    \
	CALL vreduce<>(SB)    \
	CALL vcarry<>(SB)     \
	STORER(Y)

// W = -W in the lanes of K2, < 1.01p, because it will meet an unreduced y of a table.
TEXT negateW<>(SB), NOSPLIT|NOFRAME, $0-0
	LOAD(W)
	NEGATEK(K2)
	ADDPK(P2, K2)
	CALL vfold<>(SB)
	CALL vcarry<>(SB)
	STORE(W)
	RET

// Z5..Z9 to to, where each lane gets what its partner, by Z26, has at from.
#define PARTNER(from, to) \
	VPERMQ    0+from(R9), Z26, Z5   \
	VPERMQ    64+from(R9), Z26, Z6  \
	VPERMQ    128+from(R9), Z26, Z7 \
	VPERMQ    192+from(R9), Z26, Z8 \
	VPERMQ    256+from(R9), Z26, Z9 \
	STORE(to)

// In three rounds each lane whose number does not have the bit 1, 2 or 4 adds
// the lane whose number does. Then lane j is the sum of all lanes whose numbers
// have all the bits of j; lane 0 is the sum of all. Writes AX, R8, R10, K2, Z26
// too.
TEXT join<>(SB), NOSPLIT|NOFRAME, $0-0
	LEAQ ·lanePartners(SB), R10
	MOVL $3, R8
level:
	VMOVDQU64 (R10), Z26
	KMOVW     64(R10), K2
	PARTNER(ZZ, EE)
	MUL(X, EE)
	CALL vcarry<>(SB)
	STORE(QX)        // x1·zz2, < 1.1p
	MUL(ZZ, EE)
	CALL vcarry<>(SB)
	STORE(T1)
	PARTNER(W, EE)
	MUL(Y, EE)
	CALL vcarry<>(SB)
	STORE(QY)        // y1·w2, < 1.3p
	MUL(W, EE)
	CALL vcarry<>(SB)
	STORE(T2)
	PARTNER(QX, EE)
	NEGATE
	ADDTO(QX)
	ADDP(P2)
	CALL vcarry<>(SB)
	STORE(E)
	PARTNER(QY, EE)
	SUBFROM(QY)
	ADDP(P2)
	CALL vcarry<>(SB)
	STORE(L)
	FINISH(QX, QY, T1, T2, STOREK2)
	CALL negateW<>(SB)
	ADDQ $72, R10
	DECQ R8
	JNZ  level
	RET

// The points of the lanes of K2 are doubled:
//
//	U = 2Y   V = U²   U³   S = X·V   M = 3(X² - ZZ²)   X = M² - 2S   Y = M(S - X) - U³·Y   ZZ = V·ZZ   W = U³·W
//
// In multiples of p, Y < 2.8 gives U < 5.6, V < 3, U³ < 2.1, S < 1.2, M < 9.4, and
// before the fold X < 9.5 and Y < 4.9.
TEXT double<>(SB), NOSPLIT|NOFRAME, $0-0
	LOAD(Y)
	ADDTO(Y)
	CALL vcarry<>(SB)
	STORE(E)              // U
	SQUARE(E)
	CALL vcarry<>(SB)
	STORE(EE)             // V
	MUL(E, EE)
	CALL vcarry<>(SB)
	STORE(E3)             // U³
	MUL(X, EE)
	CALL vcarry<>(SB)
	STORE(Q)              // S
	SQUARE(ZZ)
	CALL vcarry<>(SB)
	STORE(T1)
	SQUARE(X)
	SUBFROM(T1)
	ADDP(P2)
	STORE(T1)             // raw
	ADDTO(T1)
	ADDTO(T1)
	CALL vcarry<>(SB)
	STORE(L)              // M
	MUL(ZZ, EE)
	CALL vcarry<>(SB)
	STOREK2(ZZ)
	MUL(W, E3)
	CALL vcarry<>(SB)
	STOREK2(W)
	SQUARE(L)
	SUBFROM(Q)
	SUBFROM(Q)
	ADDP(P3)
	CALL vfold<>(SB)
	CALL vcarry<>(SB)
	STOREK2(X)
	NEGATE
	ADDTO(Q)
	ADDP(P2)
	CALL vcarry<>(SB)
	STORE(G)
	MUL(Y, E3)
	CALL vcarry<>(SB)
	STORE(T1)
	MUL(L, G)
	SUBFROM(T1)
	ADDP(P2)
	CALL vfold<>(SB)
	CALL vcarry<>(SB)
	STOREK2(Y)
	RET

// From *DI or to *DI.
#define COPY(from, to) \
	VMOVDQU64 0+from, Z5    \
	VMOVDQU64 64+from, Z6   \
	VMOVDQU64 128+from, Z7  \
	VMOVDQU64 192+from, Z8  \
	VMOVDQU64 256+from, Z9  \
	VMOVDQU64 Z5, 0+to      \
	VMOVDQU64 Z6, 64+to     \
	VMOVDQU64 Z7, 128+to    \
	VMOVDQU64 Z8, 192+to    \
	VMOVDQU64 Z9, 256+to

// func sumLanes(sum *lanePoints, points *[8]*affine, active, negative *uint8, rounds int, onto, join bool)
// Each lane adds up its points: of each round, the one at its place if its bit
// in active is set, and the opposite if its bit in negative is. If onto is set,
// it adds them to what is in sum; else every lane has one in the first round.
// Then join<>, if join is set. Where two sums with equal x meet, ZZ of the result
// is 0 mod p.
TEXT ·sumLanes(SB), 0, $4544-42
	NO_LOCAL_POINTERS
	LEAQ 63(SP), R9
	ANDQ $~63, R9
	CONSTANTS
	MOVQ points+8(FP), R10
	MOVQ active+16(FP), R11
	MOVQ negative+24(FP), R12
	MOVQ rounds+32(FP), R13

	KXORW   K4, K4, K4   // the lanes whose W has the wrong sign
	MOVBLZX onto+40(FP), AX
	TESTL   AX, AX
	JEQ     fresh
	MOVQ    sum+0(FP), DI
	COPY(X(DI), X(R9))
	COPY(Y(DI), Y(R9))
	COPY(ZZ(DI), ZZ(R9))
	COPY(W(DI), W(R9))
	TESTQ   R13, R13
	JNE     round
	JMP     summed

fresh: // the first points are the sums
	KXNORW     K2, K2, K2
	KMOVB      (R12), K3
	VMOVDQU64  (R10), Z20
	COORDINATE(0)
	CALL vfold<>(SB)
	CALL vcarry<>(SB)
	STORE(X)
	COORDINATE(4)
	NEGATEK(K3)
	ADDPK(P17, K3)
	CALL vfold<>(SB)
	CALL vcarry<>(SB)
	STORE(Y)
	VPXORQ Z5, Z5, Z5
	VPXORQ Z6, Z6, Z6
	VPXORQ Z7, Z7, Z7
	VPXORQ Z8, Z8, Z8
	VPXORQ Z9, Z9, Z9
	ADDP(R1)
	STORE(ZZ)
	STORE(W)
	JMP next

round:
	KMOVB      (R11), K2
	KMOVB      (R12), K3
	KXORW      K4, K3, K3
	KXORW      K2, K4, K4
	VMOVDQU64  (R10), Z20
	COORDINATE(0)
	STORE(QX)
	COORDINATE(4)
	STORE(QY)

	MUL(QX, ZZ)   // < 2.3p
	NEGATE
	ADDTO(X)
	ADDP(P3)
	CALL vcarry<>(SB)
	STORE(E)
	MUL(QY, W)    // < 2.2p, and Y < 2.7p
	NEGATEK(K3)
	SUBFROM(Y)
	ADDP(P5)
	CALL vcarry<>(SB)
	STORE(L)
	FINISH(X, Y, ZZ, W, STOREK2)
next:
	ADDQ $64, R10
	INCQ R11
	INCQ R12
	DECQ R13
	JNZ  round

summed:
	KMOVW K4, K2
	CALL  negateW<>(SB)

	MOVBLZX join+41(FP), AX
	TESTL   AX, AX
	JEQ     done

	CALL join<>(SB)
done:
	MOVQ sum+0(FP), DI
	COPY(X(R9), X(DI))
	COPY(Y(R9), Y(DI))
	COPY(ZZ(R9), ZZ(DI))
	COPY(W(R9), W(DI))
	VZEROUPPER
	RET

// func sumChain(sum *lanePoints, points *chainPoint, index *[8]uint32, active, negative *uint8, rounds int)
// Adds to each lane of sum its points, in Jacobian coordinates, as in sumLanes,
// but by their numbers in points. Then join<>, and lane 1 is doubled once, lane 2
// twice and lane 4 three times.
TEXT ·sumChain(SB), 0, $4544-48
	NO_LOCAL_POINTERS
	LEAQ 63(SP), R9
	ANDQ $~63, R9
	CONSTANTS
	MOVQ sum+0(FP), DI
	COPY(X(DI), X(R9))
	COPY(Y(DI), Y(R9))
	COPY(ZZ(DI), ZZ(R9))
	COPY(W(DI), W(R9))
	MOVQ index+16(FP), R10
	MOVQ active+24(FP), R11
	MOVQ negative+32(FP), R12
	MOVQ rounds+40(FP), R13
	MOVQ  points+8(FP), DI
	KXORW K4, K4, K4      // the lanes whose W has the wrong sign
	TESTQ R13, R13
	JEQ   done

round:
	KMOVB (R11), K2
	KMOVB (R12), K3
	KXORW K4, K3, K3
	KXORW K2, K4, K4

	// A chainPoint has 160 bytes: limb i of 2y, z, x from 32i on. Of (4x, 8y, 2z),
	// which is the same point, all three are a multiple of what is there.
	VPMOVZXDQ    (R10), Z20
	VPSLLQ       $7, Z20, Z21
	VPSLLQ       $5, Z20, Z20
	VPADDQ       Z21, Z20, Z20 // 160 times
	GATHERED(16, 2, Z5, Z6, Z7, Z8, Z9)
	CALL vfold<>(SB)
	CALL vcarry<>(SB)
	STORE(QX)             // 4x, < 1.01p
	GATHERED(0, 2, Z5, Z6, Z7, Z8, Z9)
	CALL vcarry<>(SB)
	STORE(QY)             // 8y, < 4.1p
	GATHERED(8, 1, Z5, Z6, Z7, Z8, Z9)
	CALL vcarry<>(SB)
	STORE(G)              // 2z, < 2.2p
	SQUARE(G)
	CALL vcarry<>(SB)
	STORE(EE)             // (2z)², < 1.4p
	MUL(G, EE)
	CALL vcarry<>(SB)
	STORE(E3)             // (2z)³, < 1.2p

	MUL(QX, ZZ)
	CALL vcarry<>(SB)
	STORE(QX)             // x2·zz1, < 1.1p
	MUL(X, EE)
	CALL vcarry<>(SB)
	STORE(T1)             // x1·zz2, < 1.1p
	SUBFROM(QX)
	ADDP(P2)
	CALL vcarry<>(SB)
	STORE(E)
	MUL(Y, E3)
	CALL vcarry<>(SB)
	STORE(T2)             // y1·w2, < 1.3p
	MUL(QY, W)            // < 1.4p
	NEGATEK(K3)
	SUBFROM(T2)
	ADDP(P3)
	CALL vcarry<>(SB)
	STORE(L)
	MUL(ZZ, EE)
	CALL vcarry<>(SB)
	STORE(QX)
	MUL(W, E3)
	CALL vcarry<>(SB)
	STORE(QY)
	FINISH(T1, T2, QX, QY, STOREK2)
	ADDQ $32, R10
	INCQ R11
	INCQ R12
	DECQ R13
	JNZ  round

done:
	KMOVW K4, K2
	CALL  negateW<>(SB)
	CALL  join<>(SB)
	MOVL  $0x16, AX
	KMOVW AX, K2
	CALL  double<>(SB)
	MOVL  $0x14, AX
	KMOVW AX, K2
	CALL  double<>(SB)
	MOVL  $0x10, AX
	KMOVW AX, K2
	CALL  double<>(SB)
	MOVQ  sum+0(FP), DI
	COPY(X(R9), X(DI))
	COPY(Y(R9), Y(DI))
	COPY(ZZ(R9), ZZ(DI))
	COPY(W(R9), W(DI))
	VZEROUPPER
	RET
