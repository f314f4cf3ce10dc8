//go:build !purego

#include "textflag.h"
#include "funcdata.h"

// Pairs of points of a forest, eight at a time: the sum of (x1, y1) and (x2, y2)
// by a slope, after all divisors x2 - x1 of a round have been inverted together.
//
// Points are as in Go: four words, R = 2^256, below 2^256, which is below 1.01p.
// Products divide by 2^260. So that no point has to be converted, slopes are kept
// times 2^258: then 2^258·2^258/2^260 = 2^256 is what their squares need, and so is
// 2^258·(4·2^256)/2^260 for a slope and 4 times a difference of x.
#include "lanes_amd64.h"

// left and right = where the points of eight pairs are, in bytes. A pair has two
// refs of 32 bits, each 2·place, or 1 more for the opposite point.
#define PLACES(pairs, left, right) \
	VPSLLQ $32, pairs, left   \
	VPSRLQ $33, left, left    \
	VPSLLQ $6, left, left     \
	VPSRLQ $33, pairs, right  \
	VPSLLQ $6, right, right

// Four words at offset of the points at DI plus what is in at. Writes K1.
#define WORDS(offset, at, w0, w1, w2, w3) \
	WORD(offset, at, w0)    \
	WORD(offset+8, at, w1)  \
	WORD(offset+16, at, w2) \
	WORD(offset+24, at, w3)

#define WORD(offset, at, w) \
	KXNORB     K1, K1, K1              \
	VPXORQ     w, w, w                 \
	VPGATHERQQ (offset)(DI)(at*1), K1, w

// Five limbs of 52 bits of four words.
#define LIMBS(w0, w1, w2, w3, l0, l1, l2, l3, l4) \
	VPANDQ  Z29, w0, l0      \
	VPSHLDQ $12, w0, w1, l1  \
	VPSHLDQ $24, w1, w2, l2  \
	VPSHLDQ $36, w2, w3, l3  \
	VPSRLQ  $16, w3, l4      \
	VPANDQ  Z29, l1, l1      \
	VPANDQ  Z29, l2, l2      \
	VPANDQ  Z29, l3, l3

// Four words of Z5..Z9, carried out and below 2^256. Writes Z16.
#define JOINED(w0, w1, w2, w3) \
	VPSLLQ $52, Z6, w0   \
	VPORQ  Z5, w0, w0    \
	VPSRLQ $12, Z6, w1   \
	VPSLLQ $40, Z7, Z16  \
	VPORQ  Z16, w1, w1   \
	VPSRLQ $24, Z7, w2   \
	VPSLLQ $28, Z8, Z16  \
	VPORQ  Z16, w2, w2   \
	VPSRLQ $36, Z8, w3   \
	VPSLLQ $16, Z9, Z16  \
	VPORQ  Z16, w3, w3

// Z5..Z9, raw and at least 0, carried out and made less than 2^256. One fold
// leaves less than 1.01p, which hardly ever is 2^256 or more; the next one leaves
// less than 2^225 then. Writes AX, K1.
TEXT vwords<>(SB), NOSPLIT|NOFRAME, $0-0
again:
	CALL     vfold<>(SB)
	CALL     vcarry<>(SB)
	VPSRLQ   $48, Z9, Z16
	VPTESTMQ Z16, Z16, K1
	KMOVB    K1, AX
	TESTL    AX, AX
	JNE      again
	RET

#define AT(at, p) \
	VMOVDQU64 Z5, at+0(p)   \
	VMOVDQU64 Z6, at+64(p)  \
	VMOVDQU64 Z7, at+128(p) \
	VMOVDQU64 Z8, at+192(p) \
	VMOVDQU64 Z9, at+256(p)

// The first or second group of pairsUp: its divisor, what was before it, and the
// product with it.
#define DIVISORS(h) \
	VMOVDQU64 (h*64)(R10), Z22                            \
	PLACES(Z22, Z20, Z21)                                 \
	WORDS(0, Z20, Z10, Z11, Z12, Z13)                     \
	WORDS(0, Z21, Z14, Z15, Z16, Z17)                     \
	VPCMPEQQ Z10, Z14, K2                                 \
	VPCMPEQQ Z11, Z15, K2, K2                             \
	VPCMPEQQ Z12, Z16, K2, K2                             \
	VPCMPEQQ Z13, Z17, K2, K2                             \
	KMOVB    K2, h(R11)                                   \
	LIMBS(Z10, Z11, Z12, Z13, Z0, Z1, Z2, Z3, Z4)         \
	LIMBS(Z14, Z15, Z16, Z17, Z5, Z6, Z7, Z8, Z9)         \
	VPSUBQ Z0, Z5, Z5                                     \
	VPSUBQ Z1, Z6, Z6                                     \
	VPSUBQ Z2, Z7, Z7                                     \
	VPSUBQ Z3, Z8, Z8                                     \
	VPSUBQ Z4, Z9, Z9                                     \
	ADDP(P2)                                              \
	VPBROADCASTQ ·laneMultiples+(R1*40+0)(SB), K2, Z5     \
	VPBROADCASTQ ·laneMultiples+(R1*40+8)(SB), K2, Z6     \
	VPBROADCASTQ ·laneMultiples+(R1*40+16)(SB), K2, Z7    \
	VPBROADCASTQ ·laneMultiples+(R1*40+24)(SB), K2, Z8    \
	VPBROADCASTQ ·laneMultiples+(R1*40+32)(SB), K2, Z9    \
	CALL vcarry<>(SB)                                     \
	AT(h*640, R12)                                        \
	LEAQ (h*320)(DX), SI                                  \
	LEAQ (h*640)(R12), BX                                 \
	LOADA                                                 \
	VMOVDQU64 Z10, (h*640+320)(R12)                       \
	VMOVDQU64 Z11, (h*640+384)(R12)                       \
	VMOVDQU64 Z12, (h*640+448)(R12)                       \
	VMOVDQU64 Z13, (h*640+512)(R12)                       \
	VMOVDQU64 Z14, (h*640+576)(R12)                       \
	CALL vmul<>(SB)                                       \
	CALL vcarry<>(SB)                                     \
	AT(h*320, DX)

// func pairsUp(points *affine, pairs *pair, equal *uint8, steps *laneStep, products *[2]laneElement, groups int)
// For each group of eight pairs: its divisors x2 - x1, or 1 where those are the
// same words, which equal says, a bit for each pair; and the product of all before
// it. The groups take turns with two products, so that no multiplication waits for
// the one before; there is an even number of them. In multiples of p: divisors
// < 3.1, products < 1.3.
TEXT ·pairsUp(SB), 0, $64-48
	NO_LOCAL_POINTERS
	MOVQ points+0(FP), DI
	MOVQ pairs+8(FP), R10
	MOVQ equal+16(FP), R11
	MOVQ steps+24(FP), R12
	MOVQ products+32(FP), DX
	MOVQ groups+40(FP), R13
	CONSTANTS

groups:
	DIVISORS(0)
	DIVISORS(1)
	ADDQ $128, R10
	ADDQ $2, R11
	ADDQ $1280, R12
	SUBQ $2, R13
	JNZ  groups
	VZEROUPPER
	RET

// Half of eight points, whose words are in t0, t2, t4, t6 two by two, to R11.
#define HALFROWS(t0, t2, t4, t6, at) \
	VSHUFI64X2 $0x88, t2, t0, Z8     \
	VSHUFI64X2 $0x88, t6, t4, Z9     \
	VSHUFI64X2 $0xdd, t2, t0, Z10    \
	VSHUFI64X2 $0xdd, t6, t4, Z11    \
	VSHUFI64X2 $0x88, Z9, Z8, Z12    \
	VSHUFI64X2 $0x88, Z11, Z10, Z13  \
	VSHUFI64X2 $0xdd, Z9, Z8, Z14    \
	VSHUFI64X2 $0xdd, Z11, Z10, Z15  \
	VMOVDQU64  Z12, (at)(R11)        \
	VMOVDQU64  Z13, (at+2*64)(R11)   \
	VMOVDQU64  Z14, (at+4*64)(R11)   \
	VMOVDQU64  Z15, (at+6*64)(R11)

// Eight points, whose words are in Z20..Z27, to R11. Writes Z0..Z15.
#define ROWS(at) \
	VPUNPCKLQDQ Z21, Z20, Z0        \
	VPUNPCKHQDQ Z21, Z20, Z1        \
	VPUNPCKLQDQ Z23, Z22, Z2        \
	VPUNPCKHQDQ Z23, Z22, Z3        \
	VPUNPCKLQDQ Z25, Z24, Z4        \
	VPUNPCKHQDQ Z25, Z24, Z5        \
	VPUNPCKLQDQ Z27, Z26, Z6        \
	VPUNPCKHQDQ Z27, Z26, Z7        \
	HALFROWS(Z0, Z2, Z4, Z6, at)    \
	HALFROWS(Z1, Z3, Z5, Z7, at+64)

// From R9 on, for each of two groups.
#define INVERSE 0
#define DY 320
#define SLOPE 640
#define X1 960
#define Y1 1280
#define DX4 1600
#define WORDS3 1920
#define GROUP 2176

// The steps of pairsDown for the first or second group. x1, ±y1 and the difference
// of y. y1 is raw, and of either sign.
#define FETCH(h) \
	VMOVDQU64 (h*64)(R10), Z22                    \
	PLACES(Z22, Z20, Z21)                         \
	VPSLLQ   $63, Z22, Z23                        \
	VPMOVQ2M Z23, K3                              \
	VPSLLQ   $31, Z22, Z23                        \
	VPMOVQ2M Z23, K4                              \
	WORDS(0, Z20, Z10, Z11, Z12, Z13)             \
	LIMBS(Z10, Z11, Z12, Z13, Z5, Z6, Z7, Z8, Z9) \
	STORE(h*GROUP+X1)                             \
	WORDS(32, Z20, Z10, Z11, Z12, Z13)            \
	LIMBS(Z10, Z11, Z12, Z13, Z5, Z6, Z7, Z8, Z9) \
	NEGATEK(K3)                                   \
	STORE(h*GROUP+Y1)                             \
	WORDS(32, Z21, Z10, Z11, Z12, Z13)            \
	LIMBS(Z10, Z11, Z12, Z13, Z5, Z6, Z7, Z8, Z9) \
	NEGATEK(K4)                                   \
	SUBFROM(h*GROUP+Y1)                           \
	ADDP(P3)                                      \
	CALL vcarry<>(SB)                             \
	STORE(h*GROUP+DY)

// The inverse of the divisors, and the product without them.
#define INVERT(h) \
	LEAQ (h*640+320)(R12), SI \
	LEAQ (h*320)(DX), BX      \
	CALL vmul<>(SB)           \
	CALL vcarry<>(SB)         \
	STORE(h*GROUP+INVERSE)    \
	LEAQ (h*640)(R12), SI     \
	LEAQ (h*320)(DX), BX      \
	CALL vmul<>(SB)           \
	CALL vcarry<>(SB)         \
	AT(h*320, DX)

#define DIVIDE(h) \
	MUL(h*GROUP+DY, h*GROUP+INVERSE) \
	CALL vcarry<>(SB)                \
	STORE(h*GROUP+SLOPE)

// x3 = slope² - x1 - x2, where x2 = x1 + divisor - 2p.
#define NEWX(h) \
	SQUARE(h*GROUP+SLOPE)               \
	SUBFROM(h*GROUP+X1)                 \
	SUBFROM(h*GROUP+X1)                 \
	VPSUBQ (h*640+0)(R12), Z5, Z5       \
	VPSUBQ (h*640+64)(R12), Z6, Z6      \
	VPSUBQ (h*640+128)(R12), Z7, Z7     \
	VPSUBQ (h*640+192)(R12), Z8, Z8     \
	VPSUBQ (h*640+256)(R12), Z9, Z9     \
	ADDP(P5)                            \
	CALL vwords<>(SB)                   \
	JOINED(Z20, Z21, Z22, Z23)          \
	VMOVDQU64 Z20, (h*GROUP+WORDS3)(R9)     \
	VMOVDQU64 Z21, (h*GROUP+WORDS3+64)(R9)  \
	VMOVDQU64 Z22, (h*GROUP+WORDS3+128)(R9) \
	VMOVDQU64 Z23, (h*GROUP+WORDS3+192)(R9) \
	NEGATE                              \
	ADDTO(h*GROUP+X1)                   \
	ADDP(P2)                            \
	VPSLLQ $2, Z5, Z5                   \
	VPSLLQ $2, Z6, Z6                   \
	VPSLLQ $2, Z7, Z7                   \
	VPSLLQ $2, Z8, Z8                   \
	VPSLLQ $2, Z9, Z9                   \
	CALL vcarry<>(SB)                   \
	STORE(h*GROUP+DX4)

// y3 = slope·(x1 - x3) - y1, and the sums.
#define NEWY(h) \
	MUL(h*GROUP+SLOPE, h*GROUP+DX4)         \
	SUBFROM(h*GROUP+Y1)                     \
	ADDP(P2)                                \
	CALL vwords<>(SB)                       \
	JOINED(Z24, Z25, Z26, Z27)              \
	VMOVDQU64 (h*GROUP+WORDS3)(R9), Z20     \
	VMOVDQU64 (h*GROUP+WORDS3+64)(R9), Z21  \
	VMOVDQU64 (h*GROUP+WORDS3+128)(R9), Z22 \
	VMOVDQU64 (h*GROUP+WORDS3+192)(R9), Z23 \
	ROWS(h*512)

// func pairsDown(points *affine, pairs *pair, steps *laneStep, products *[2]laneElement, sums *affine, groups int)
// From the last groups to the first: the sums of eight pairs, where products are
// 2^518 divided by what pairsUp left, as plain numbers. Then product times what
// was before it is 2^258/(x2 - x1), where the divisor is 2^256 times as large, and
// that makes the slope as large as is said above. Where pairsUp found equal x there
// is no sum yet. Two groups take their steps in turn, so that a processor need not
// wait. In multiples of p: the inverse < 1.2, y2 - y1 < 5.1, slope < 1.4,
// 4·(x1 - x3) < 12.1, and before the fold x < 4.2 and y < 5.2.
TEXT ·pairsDown(SB), 0, $4416-48
	NO_LOCAL_POINTERS
	LEAQ 63(SP), R9
	ANDQ $~63, R9
	MOVQ points+0(FP), DI
	MOVQ pairs+8(FP), R10
	MOVQ steps+16(FP), R12
	MOVQ products+24(FP), DX
	MOVQ sums+32(FP), R11
	MOVQ groups+40(FP), R13
	CONSTANTS
	LEAQ   -2(R13), AX
	IMUL3Q $640, AX, BX
	ADDQ   BX, R12
	SHLQ   $6, AX
	ADDQ   AX, R10
	SHLQ   $3, AX
	ADDQ   AX, R11

groups:
	FETCH(0)
	FETCH(1)
	INVERT(0)
	INVERT(1)
	DIVIDE(0)
	DIVIDE(1)
	NEWX(0)
	NEWX(1)
	NEWY(0)
	NEWY(1)
	SUBQ $128, R10
	SUBQ $1280, R12
	SUBQ $1024, R11
	SUBQ $2, R13
	JNZ  groups
	VZEROUPPER
	RET

// Z5..Z9, raw, carried out into a.
#define CARRIED(a0, a1, a2, a3, a4) \
	CALL vcarry<>(SB)  \
	VMOVDQA64 Z5, a0   \
	VMOVDQA64 Z6, a1   \
	VMOVDQA64 Z7, a2   \
	VMOVDQA64 Z8, a3   \
	VMOVDQA64 Z9, a4

// func squareLanes(z *[2]laneElement, n int)
// Squares sixteen numbers n times, n > 0. The two halves do not wait for each other.
TEXT ·squareLanes(SB), 0, $64-16
	NO_LOCAL_POINTERS
	MOVQ z+0(FP), SI
	MOVQ n+8(FP), CX
	CONSTANTS
	VMOVDQU64 320(SI), Z20
	VMOVDQU64 384(SI), Z21
	VMOVDQU64 448(SI), Z22
	VMOVDQU64 512(SI), Z23
	VMOVDQU64 576(SI), Z24
	LOADA
again:
	SQUARED(Z10, Z11, Z12, Z13, Z14)
	CALL vreduce<>(SB)
	CARRIED(Z10, Z11, Z12, Z13, Z14)
	SQUARED(Z20, Z21, Z22, Z23, Z24)
	CALL vreduce<>(SB)
	CARRIED(Z20, Z21, Z22, Z23, Z24)
	DECQ CX
	JNZ  again
	VMOVDQU64 Z10, 0(SI)
	VMOVDQU64 Z11, 64(SI)
	VMOVDQU64 Z12, 128(SI)
	VMOVDQU64 Z13, 192(SI)
	VMOVDQU64 Z14, 256(SI)
	VMOVDQU64 Z20, 320(SI)
	VMOVDQU64 Z21, 384(SI)
	VMOVDQU64 Z22, 448(SI)
	VMOVDQU64 Z23, 512(SI)
	VMOVDQU64 Z24, 576(SI)
	VZEROUPPER
	RET

// func mulLanes(z, x, y *[2]laneElement)
// z = x·y of sixteen numbers.
TEXT ·mulLanes(SB), 0, $64-24
	NO_LOCAL_POINTERS
	MOVQ z+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ y+16(FP), BX
	CONSTANTS
	CALL vmul<>(SB)
	CALL vcarry<>(SB)
	AT(0, DI)
	ADDQ $320, SI
	ADDQ $320, BX
	ADDQ $320, DI
	CALL vmul<>(SB)
	CALL vcarry<>(SB)
	AT(0, DI)
	VZEROUPPER
	RET
