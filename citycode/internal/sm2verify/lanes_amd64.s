//go:build !purego

#include "textflag.h"
#include "funcdata.h"

// Eight sums of points at a time.
#include "lanes_amd64.h"

// As STORE, in the lanes of K2 only.
#define STOREK2(at) \
	VMOVDQU64 Z5, K2, 0+at(R9)   \
	VMOVDQU64 Z6, K2, 64+at(R9)  \
	VMOVDQU64 Z7, K2, 128+at(R9) \
	VMOVDQU64 Z8, K2, 192+at(R9) \
	VMOVDQU64 Z9, K2, 256+at(R9)

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
