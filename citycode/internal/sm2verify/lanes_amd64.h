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

// Columns Z0..Z9 = a².
#define SQUARED(a0, a1, a2, a3, a4) \
	ZERO                     \
	PAIR(a0, a1, Z1, Z2)     \
	PAIR(a0, a2, Z2, Z3)     \
	PAIR(a0, a3, Z3, Z4)     \
	PAIR(a0, a4, Z4, Z5)     \
	PAIR(a1, a4, Z5, Z6)     \
	PAIR(a2, a4, Z6, Z7)     \
	PAIR(a3, a4, Z7, Z8)     \
	PAIR(a1, a2, Z3, Z4)     \
	PAIR(a2, a3, Z5, Z6)     \
	PAIR(a1, a3, Z4, Z5)     \
	VPADDQ Z1, Z1, Z1        \
	VPADDQ Z2, Z2, Z2        \
	VPADDQ Z3, Z3, Z3        \
	VPADDQ Z4, Z4, Z4        \
	VPADDQ Z5, Z5, Z5        \
	VPADDQ Z6, Z6, Z6        \
	VPADDQ Z7, Z7, Z7        \
	VPADDQ Z8, Z8, Z8        \
	PAIR(a0, a0, Z0, Z1)     \
	PAIR(a1, a1, Z2, Z3)     \
	PAIR(a2, a2, Z4, Z5)     \
	PAIR(a3, a3, Z6, Z7)     \
	PAIR(a4, a4, Z8, Z9)

// Z5..Z9 = x²/R, raw, where x is at SI.
TEXT vsquare<>(SB), NOSPLIT, $0-0
	LOADA
	SQUARED(Z10, Z11, Z12, Z13, Z14)
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

// Z5..Z9 = product or square, raw, of what is at x and y from R9 on.
#define MUL(x, y) \
	LEAQ x(R9), SI \
	LEAQ y(R9), BX \
	CALL vmul<>(SB)

#define SQUARE(x) \
	LEAQ x(R9), SI \
	CALL vsquare<>(SB)
