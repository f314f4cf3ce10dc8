//go:build !purego

#include "textflag.h"

// Numbers modulo p in four limbs, as in field.go: Montgomery form, loose (any
// value below 2^256), lowest limb first. The routines with names in <> are
// called from this file only, and pass elements in R8, R9, R10, R11 (lowest
// first) or by address. DI is left alone by all of them. R14, the goroutine in
// Go's own calling convention, is free in ABI0, and so is R15.
//
// Two carry chains run side by side where that is written: ADCX reads and
// writes CF only, ADOX reads and writes OF only, and neither MOV, LEA nor MULX
// touches either. Everything else here writes both; emmansun/gmsm#560 was an
// OF that something else had written.

#define LOAD(offset, base) \
	MOVQ 0+offset(base), R8   \
	MOVQ 8+offset(base), R9   \
	MOVQ 16+offset(base), R10 \
	MOVQ 24+offset(base), R11

#define STORE(offset, base) \
	MOVQ R8, 0+offset(base)   \
	MOVQ R9, 8+offset(base)   \
	MOVQ R10, 16+offset(base) \
	MOVQ R11, 24+offset(base)

#define STOREPRODUCT(offset, base) \
	STORE(offset, base)        \
	MOVQ R12, 32+offset(base)  \
	MOVQ R13, 40+offset(base)  \
	MOVQ R14, 48+offset(base)  \
	MOVQ R15, 56+offset(base)

// func mulADX(z, x, y *element)
TEXT ·mulADX(SB), NOSPLIT, $0-24
	MOVQ z+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ y+16(FP), BX
	CALL mul<>(SB)
	STORE(0, DI)
	RET

// func mulSubADX(z, x, y, u, v *element)
TEXT ·mulSubADX(SB), NOSPLIT, $64-40
	MOVQ z+0(FP), DI
	MOVQ u+24(FP), SI
	MOVQ v+32(FP), BX
	CALL product<>(SB)
	STOREPRODUCT(0, SP)
	MOVQ x+8(FP), SI
	MOVQ y+16(FP), BX
	CALL product<>(SB)
	LEAQ 0(SP), BX
	CALL difference<>(SB)
	STORE(0, DI)
	RET

// func squareTimesADX(z, x *element, n int)
// z = x^(2^n); n is at least 1.
TEXT ·squareTimesADX(SB), NOSPLIT, $8-24
	MOVQ z+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), AX
again:
	MOVQ AX, left-8(SP)
	CALL square<>(SB)
	STORE(0, DI)
	MOVQ DI, SI
	MOVQ left-8(SP), AX
	DECQ AX
	JNZ  again
	RET

// R8..R15 = x·y, where SI is the address of x and BX that of y.
//
// Row by row: x·y0 makes t0..t4 in R8..R12, and each later row adds x·yk to
// tk..tk+3 and makes tk+4. In a row the low halves run on CF and the high halves
// on OF, both 0 at its start (XORL). At its end tk+4 is the last high half plus both
// carries, which does not overflow, as x·yk plus what was there is below 2^320:
// both are 0 for the next.
#define PRODUCT \
	MOVQ  0(BX), DX \
	MULXQ 0(SI), R8, R9 \
	MULXQ 8(SI), AX, R10 \
	ADDQ  AX, R9 \
	MULXQ 16(SI), AX, R11 \
	ADCQ  AX, R10 \
	MULXQ 24(SI), AX, R12 \
	ADCQ  AX, R11 \
	ADCQ  $0, R12 \
	MOVQ  8(BX), DX \
	XORL  AX, AX \
	MULXQ 0(SI), AX, CX \
	ADCXQ AX, R9 \
	ADOXQ CX, R10 \
	MULXQ 8(SI), AX, CX \
	ADCXQ AX, R10 \
	ADOXQ CX, R11 \
	MULXQ 16(SI), AX, CX \
	ADCXQ AX, R11 \
	ADOXQ CX, R12 \
	MULXQ 24(SI), AX, R13 \
	ADCXQ AX, R12 \
	MOVL  $0, AX \
	ADCXQ AX, R13 \
	ADOXQ AX, R13 \
	MOVQ  16(BX), DX \
	MULXQ 0(SI), AX, CX \
	ADCXQ AX, R10 \
	ADOXQ CX, R11 \
	MULXQ 8(SI), AX, CX \
	ADCXQ AX, R11 \
	ADOXQ CX, R12 \
	MULXQ 16(SI), AX, CX \
	ADCXQ AX, R12 \
	ADOXQ CX, R13 \
	MULXQ 24(SI), AX, R14 \
	ADCXQ AX, R13 \
	MOVL  $0, AX \
	ADCXQ AX, R14 \
	ADOXQ AX, R14 \
	MOVQ  24(BX), DX \
	MULXQ 0(SI), AX, CX \
	ADCXQ AX, R11 \
	ADOXQ CX, R12 \
	MULXQ 8(SI), AX, CX \
	ADCXQ AX, R12 \
	ADOXQ CX, R13 \
	MULXQ 16(SI), AX, CX \
	ADCXQ AX, R13 \
	ADOXQ CX, R14 \
	MULXQ 24(SI), AX, R15 \
	ADCXQ AX, R14 \
	MOVL  $0, AX \
	ADCXQ AX, R15 \
	ADOXQ AX, R15

// R8..R11 = x·y, where SI is the address of x and BX that of y. Writes all
// registers but DI.
TEXT mul<>(SB), NOSPLIT, $0-0
	PRODUCT
	JMP reduce<>(SB)

// R8..R15 = x·y, not reduced. Writes all registers but DI.
TEXT product<>(SB), NOSPLIT, $0-0
	PRODUCT
	RET

// R8..R11 = x², where SI is the address of x. Writes all registers but DI.
TEXT square<>(SB), NOSPLIT, $0-0
	// What stands beside the diagonal, once: t1..t6 in R9..R14.
	MOVQ  0(SI), DX
	MULXQ 8(SI), R9, R10
	MULXQ 16(SI), AX, R11
	ADDQ  AX, R10
	MULXQ 24(SI), AX, R12
	ADCQ  AX, R11
	ADCQ  $0, R12
	MOVQ  8(SI), DX
	XORL  AX, AX          // CF = OF = 0
	MULXQ 16(SI), AX, CX
	ADCXQ AX, R11
	ADOXQ CX, R12
	MULXQ 24(SI), AX, R13
	ADCXQ AX, R12
	MOVL  $0, AX
	ADCXQ AX, R13
	ADOXQ AX, R13
	MOVQ  16(SI), DX
	MULXQ 24(SI), AX, R14
	ADDQ  AX, R13
	ADCQ  $0, R14

	// Twice that: t1..t7.
	MOVL $0, R15
	SHLQ $1, R14, R15
	SHLQ $1, R13, R14
	SHLQ $1, R12, R13
	SHLQ $1, R11, R12
	SHLQ $1, R10, R11
	SHLQ $1, R9, R10
	SHLQ $1, R9

	// Plus the diagonal, in one chain on CF.
	MOVQ  0(SI), DX
	MULXQ DX, R8, AX
	ADDQ  AX, R9
	MOVQ  8(SI), DX
	MULXQ DX, AX, CX
	ADCQ  AX, R10
	ADCQ  CX, R11
	MOVQ  16(SI), DX
	MULXQ DX, AX, CX
	ADCQ  AX, R12
	ADCQ  CX, R13
	MOVQ  24(SI), DX
	MULXQ DX, AX, CX
	ADCQ  AX, R14
	ADCQ  CX, R15
	JMP   reduce<>(SB)

// One step of the Montgomery reduction that mul in field.go explains. Adds m·p
// to a, b, c, d, columns k..k+3, where m = m0 + m1·2^64, m0 = a, m1 = b + a -
// (a<<32). Columns k and k+1 are then 0, c and d are columns k+2 and k+3, and a
// and b become columns k+4 and k+5. The additions are a chain of their own, and
// so are the subtractions; column k+1 is in both, for its carries:
//
//	column   k+1     k+2   k+3                k+4   k+5
//	plus     m0      m1    0                  m0    m1
//	minus    m0<<32  s1    (m0<<32) | s2      s1    s2     m<<32 = m0<<32, s1, s2
#define STEP(a, b, c, d) \
	MOVQ a, AX            \
	SHLQ $32, AX          \
	LEAQ (a)(b*1), CX     \
	SUBQ AX, CX           \
	MOVQ CX, DX           \
	SHLQ $32, a, DX       \
	MOVQ CX, BX           \
	SHRQ $32, BX          \
	LEAQ (AX)(BX*1), SI   \
	ADDQ a, b             \
	ADCQ CX, c            \
	ADCQ $0, d            \
	ADCQ $0, a            \
	ADCQ $0, CX           \
	SUBQ AX, b            \
	SBBQ DX, c            \
	SBBQ SI, d            \
	SBBQ DX, a            \
	SBBQ BX, CX           \
	MOVQ CX, b

// R8..R11 = t/2^256, where t is t0..t7 in R8..R15. Writes all registers but DI.
TEXT reduce<>(SB), NOSPLIT, $0-0
	STEP(R8, R9, R10, R11) // AX m0<<32, CX m1, DX s1, BX s2, SI (m0<<32) | s2
	STEP(R10, R11, R8, R9)
	ADDQ R12, R8
	ADCQ R13, R9
	ADCQ R14, R10
	ADCQ R15, R11

	// A carry is worth 2^256 mod p, and does not come twice (see mul).
	SBBQ AX, AX          // 0 or -1
	MOVL AX, CX          // 0 or d1
	NEGQ AX              // 0 or d0
	LEAQ (AX)(CX*1), DX  // 0 or d3
	ADDQ AX, R8
	ADCQ CX, R9
	ADCQ $0, R10
	ADCQ DX, R11
	RET

// R8..R11 = (t - u)/2^256, where t is a product in R8..R15 and u one at BX. Writes
// all registers but DI.
TEXT difference<>(SB), NOSPLIT, $0-0
	SUBQ 0(BX), R8
	SBBQ 8(BX), R9
	SBBQ 16(BX), R10
	SBBQ 24(BX), R11
	SBBQ 32(BX), R12
	SBBQ 40(BX), R13
	SBBQ 48(BX), R14
	SBBQ 56(BX), R15
	SBBQ AX, AX
	MOVL AX, CX
	NEGQ AX
	LEAQ (AX)(CX*1), DX
	SUBQ AX, R12
	SBBQ CX, R13
	SBBQ $0, R14
	SBBQ DX, R15
	JCS  twice
	JMP  reduce<>(SB)
twice: // as in sub; AX, CX and DX are still d0, d1 and d3
	SUBQ AX, R12
	SBBQ CX, R13
	SBBQ $0, R14
	SBBQ DX, R15
	JMP  reduce<>(SB)

// R8..R11 += the element at BX. Writes AX, CX, DX too.
TEXT add<>(SB), NOSPLIT, $0-0
	ADDQ 0(BX), R8
	ADCQ 8(BX), R9
	ADCQ 16(BX), R10
	ADCQ 24(BX), R11
	SBBQ AX, AX
	MOVL AX, CX
	NEGQ AX
	LEAQ (AX)(CX*1), DX
	ADDQ AX, R8
	ADCQ CX, R9
	ADCQ $0, R10
	ADCQ DX, R11
	JCS  twice
	RET
twice: // only if the sum is at least 2^257 - (2^256-p)
	MOVL $0xffffffff, CX
	LEAQ 1(CX), DX
	ADDQ $1, R8
	ADCQ CX, R9
	ADCQ $0, R10
	ADCQ DX, R11
	RET

// R8..R11 -= the element at BX. Writes AX, CX, DX too.
TEXT sub<>(SB), NOSPLIT, $0-0
	SUBQ 0(BX), R8
	SBBQ 8(BX), R9
	SBBQ 16(BX), R10
	SBBQ 24(BX), R11
	SBBQ AX, AX
	MOVL AX, CX
	NEGQ AX
	LEAQ (AX)(CX*1), DX
	SUBQ AX, R8
	SBBQ CX, R9
	SBBQ $0, R10
	SBBQ DX, R11
	JCS  twice
	RET
twice: // only if the difference is below -p
	MOVL $0xffffffff, CX
	LEAQ 1(CX), DX
	SUBQ $1, R8
	SBBQ CX, R9
	SBBQ $0, R10
	SBBQ DX, R11
	RET

// R8..R11 -= twice the element at BX. Writes AX, CX, DX, R12, R13 too.
TEXT subTwice<>(SB), NOSPLIT, $0-0
	// 2x is four limbs, AX, CX, DX, R13, and a bit above; with the borrow h, at most 2.
	MOVQ 24(BX), R13
	MOVQ 16(BX), DX
	MOVQ 8(BX), CX
	MOVQ 0(BX), AX
	MOVQ R13, R12
	SHRQ $63, R12
	SHLQ $1, DX, R13
	SHLQ $1, CX, DX
	SHLQ $1, AX, CX
	ADDQ AX, AX
	SUBQ AX, R8
	SBBQ CX, R9
	SBBQ DX, R10
	SBBQ R13, R11
	ADCQ $0, R12

	MOVQ R12, DX
	SHLQ $32, DX     // h·d3
	MOVQ DX, CX
	SUBQ R12, CX     // h·d1
	SUBQ R12, R8
	SBBQ CX, R9
	SBBQ $0, R10
	SBBQ DX, R11
	JCS  twice
	RET
twice: // once more, as in sub
	MOVL $0xffffffff, CX
	LEAQ 1(CX), DX
	SUBQ $1, R8
	SBBQ CX, R9
	SBBQ $0, R10
	SBBQ DX, R11
	RET

// R8..R11 = 3 times that. Writes AX, CX, DX, R12 too.
TEXT triple<>(SB), NOSPLIT, $0-0
	// 3x = x + 2x, five limbs, the highest h at most 2.
	MOVQ R11, R12
	SHRQ $63, R12
	MOVQ R11, AX
	SHLQ $1, R10, AX
	MOVQ R10, CX
	SHLQ $1, R9, CX
	MOVQ R9, DX
	SHLQ $1, R8, DX
	LEAQ (R8)(R8*1), BX
	ADDQ BX, R8
	ADCQ DX, R9
	ADCQ CX, R10
	ADCQ AX, R11
	ADCQ $0, R12

	// h·2^256 = h·d3·2^192 + h·d1·2^64 + h
	MOVQ R12, DX
	SHLQ $32, DX     // h·d3
	MOVQ DX, CX
	SUBQ R12, CX     // h·d1
	ADDQ R12, R8
	ADCQ CX, R9
	ADCQ $0, R10
	ADCQ DX, R11
	JCS  twice
	RET
twice: // only if the low limbs were at least 2^256 - 2·(2^256-p)
	MOVL $0xffffffff, CX
	LEAQ 1(CX), DX
	ADDQ $1, R8
	ADCQ CX, R9
	ADCQ $0, R10
	ADCQ DX, R11
	RET

// R8..R11 = half of that: of x and x+p one is even. Writes AX, CX, DX too.
TEXT half<>(SB), NOSPLIT, $0-0
	MOVQ R8, AX
	ANDL $1, AX
	NEGQ AX                      // -(x mod 2)
	MOVL AX, CX
	MOVQ AX, DX
	SUBQ CX, DX                  // 0 or p1, 0xffffffff00000000
	MOVQ AX, CX
	BTRQ $32, CX                 // 0 or p3, 0xfffffffeffffffff
	ADDQ AX, R8
	ADCQ DX, R9
	ADCQ AX, R10
	ADCQ CX, R11
	SBBQ AX, AX                  // the carry, the highest bit
	SHRQ $1, R9, R8
	SHRQ $1, R10, R9
	SHRQ $1, R11, R10
	SHRQ $1, AX, R11
	RET

// The layout of projective is x, y, zz, zzz; of jacobian x, y, z; of affine x, y.
#define X 0
#define Y 32
#define Z 64
#define ZZ 64
#define ZZZ 96

// func addAffineADX(p *projective, q *affine) bool
// The sum of projective.addAffine where p is not infinity. Reports false, and p
// is as it was, if the two have equal x.
TEXT ·addAffineADX(SB), NOSPLIT, $160-17
	MOVQ p+0(FP), DI
	MOVQ q+8(FP), SI
	LEAQ ZZ(DI), BX
	CALL mul<>(SB)
	LEAQ X(DI), BX
	CALL sub<>(SB)
	STORE(0, SP)          // d = q.x·zz - x

	// d = 0 has two forms, 0 and p. Whoever chooses a key can bring it about.
	MOVQ R8, AX
	ORQ  R9, AX
	ORQ  R10, AX
	ORQ  R11, AX
	JEQ  equal
	CMPQ R8, $-1
	JEQ  perhaps

different:
	MOVQ q+8(FP), SI
	ADDQ $Y, SI
	LEAQ ZZZ(DI), BX
	CALL mul<>(SB)
	LEAQ Y(DI), BX
	CALL sub<>(SB)
	STORE(32, SP)         // l = q.y·zzz - y

	LEAQ 0(SP), SI
	CALL square<>(SB)
	STORE(64, SP)         // t = d²
	LEAQ 32(SP), SI
	CALL square<>(SB)
	STORE(96, SP)         // u = l²
	LEAQ 0(SP), SI
	LEAQ 64(SP), BX
	CALL mul<>(SB)
	STORE(0, SP)          // d = d³
	LEAQ X(DI), SI
	LEAQ 64(SP), BX
	CALL mul<>(SB)
	STORE(128, SP)        // v = x·d²
	LEAQ ZZ(DI), SI
	LEAQ 64(SP), BX
	CALL mul<>(SB)
	STORE(ZZ, DI)         // zz = zz·d²

	LOAD(96, SP)
	LEAQ 0(SP), BX
	CALL sub<>(SB)
	LEAQ 128(SP), BX
	CALL subTwice<>(SB)
	STORE(X, DI)          // x = l² - d³ - 2v
	LOAD(128, SP)
	LEAQ X(DI), BX
	CALL sub<>(SB)
	STORE(64, SP)         // t = v - x
	LEAQ ZZZ(DI), SI
	LEAQ 0(SP), BX
	CALL mul<>(SB)
	STORE(ZZZ, DI)        // zzz = zzz·d³
	LEAQ Y(DI), SI
	LEAQ 0(SP), BX
	CALL product<>(SB)
	STOREPRODUCT(96, SP)  // y·d³
	LEAQ 64(SP), SI
	LEAQ 32(SP), BX
	CALL product<>(SB)
	LEAQ 96(SP), BX
	CALL difference<>(SB)
	STORE(Y, DI)          // y = (v - x)·l - y·d³
	MOVB $1, ret+16(FP)
	RET

perhaps: // lowest limb of d all ones, as that of p
	MOVQ $0xffffffff00000000, AX
	CMPQ R9, AX
	JNE  different
	CMPQ R10, $-1
	JNE  different
	MOVQ $0xfffffffeffffffff, AX
	CMPQ R11, AX
	JNE  different
equal:
	MOVB $0, ret+16(FP)
	RET

// func doubleADX(p *jacobian)
// As jacobian.double.
TEXT ·doubleADX(SB), NOSPLIT, $128-8
	MOVQ p+0(FP), DI
	LEAQ Z(DI), SI
	CALL square<>(SB)
	STORE(0, SP)          // d = z²
	LEAQ Y(DI), SI
	CALL square<>(SB)
	STORE(96, SP)         // g = y²
	LOAD(X, DI)
	LEAQ 0(SP), BX
	CALL sub<>(SB)
	STORE(32, SP)         // x - d
	LOAD(X, DI)
	CALL add<>(SB)
	STORE(0, SP)          // x + d
	LEAQ 0(SP), SI
	LEAQ 32(SP), BX
	CALL mul<>(SB)
	STORE(0, SP)
	LEAQ X(DI), SI
	LEAQ 96(SP), BX
	CALL mul<>(SB)
	STORE(64, SP)         // t = xy²
	LOAD(0, SP)
	CALL triple<>(SB)
	CALL half<>(SB)
	STORE(0, SP)          // m = 3/2·(x + d)(x - d)
	LEAQ Y(DI), SI
	LEAQ Z(DI), BX
	CALL mul<>(SB)
	STORE(Z, DI)          // z = yz

	LEAQ 0(SP), SI
	CALL square<>(SB)
	LEAQ 64(SP), BX
	CALL subTwice<>(SB)
	STORE(X, DI)          // x = m² - 2t
	LEAQ 96(SP), SI
	CALL square<>(SB)
	STORE(96, SP)         // g²
	LOAD(64, SP)
	LEAQ X(DI), BX
	CALL sub<>(SB)
	STORE(64, SP)
	LEAQ 64(SP), SI
	LEAQ 0(SP), BX
	CALL mul<>(SB)
	LEAQ 96(SP), BX
	CALL sub<>(SB)
	STORE(Y, DI)          // y = (t - x)·m - g²
	RET
