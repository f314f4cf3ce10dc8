// Package sm2verify verifies SM2 signatures (GB/T 32918.2-2016, 7.1) and adds
// public points. It does nothing else: its running time and its memory accesses
// depend on its inputs, which is right for public data and would give a private
// key away. So it has no function that takes one, and a test holds it apart
// from everything that does.
//
// To verify (r, s) on digest e with key P is to ask whether x(s·G + t·P) is
// r - e mod n, where t = r + s mod n. The package spends its effort on that sum:
//
//   - field.go: numbers modulo p in four limbs, Montgomery form, a reduction
//     without multiplications;
//   - invert.go: inversion by division steps, for the sums that are wanted affine;
//   - table.go: for G, and for a key that is met often, a table of multiples
//     that turns a product into 26 or 32 additions without a doubling;
//   - naf.go: for a key that is met once, a non-adjacent form of width 5;
//   - point.go: additions that are complete: an issuer or a holder chooses its
//     key, and can make any two partial sums equal or opposite;
//   - key.go: the verification, which needs no inversion;
//   - tree.go: for many sums of points, affine additions that share their
//     inversions;
//   - linear.go: for many signatures under keys that are met once, one equation
//     with random weights;
//   - roots.go: the points R of that equation, several at a time;
//   - batch.go: which of these, and what happens where the equation does not hold.
//
// All of that is Go, and runs everywhere. On amd64 some of it has a twin in
// assembly, unless the build tag purego is set:
//
//   - field_amd64.s: products, mixed addition and doubling with the two carry
//     chains of MULX, ADCX and ADOX (Broadwell, Zen and later);
//   - lanes_amd64.s: eight sums side by side in AVX512-IFMA vectors (Ice Lake,
//     Zen 4 and later): one signature's points dealt to eight lanes, or eight
//     signatures;
//   - chain_amd64.s: the doublings of a key that is met once, in such vectors;
//   - forest_amd64.s: affine additions and square roots, eight side by side.
//
// Assembly is used where the processor has the instructions and, at the first
// use in a process, each routine has agreed with its twin on numbers where
// carries begin and end (start.go). The sums in lanes know no equal or opposite
// points. Where two meet, the result is recognisably 0, or the lane is marked, and
// the complete Go code computes the sum again.
//
// A [Key] does not change unless it is set again, and goroutines may share it.
package sm2verify
