// Answers for sm-crypto-v2: one JSON request a line on standard input, one JSON
// answer a line on standard output, bytes in base64. Package smcryptotest is the
// other end. What the library throws is its refusal and is answered; a request
// that this program does not know ends it.
'use strict'

const { createInterface } = require('node:readline')
const { sm2, sm4 } = require('sm-crypto-v2')

const bytes = (base64) => Uint8Array.from(Buffer.from(base64 ?? '', 'base64'))
const hex = (base64) => Buffer.from(base64 ?? '', 'base64').toString('hex')

const operations = {
  sign: (q) => ({ output: sm2.doSignature(bytes(q.message), hex(q.key), { hash: true, userId: q.id }) }),

  // Without an id the message is the digest e itself.
  verify: (q) => ({
    valid: sm2.doVerifySignature(bytes(q.message), hex(q.signature), hex(q.key), { der: q.der, hash: q.id !== '', userId: q.id || undefined }),
  }),

  seal(q) {
    const sealed = sm4.encrypt(bytes(q.message), bytes(q.key), gcm(q, { outputTag: true }))
    return { output: Buffer.concat([sealed.output, sealed.tag]).toString('hex') }
  },

  open(q) {
    const sealed = bytes(q.message)
    const tag = sealed.slice(sealed.length - 16)
    const plaintext = sm4.decrypt(sealed.slice(0, sealed.length - 16), bytes(q.key), gcm(q, { tag }))
    return { valid: true, output: Buffer.from(plaintext).toString('hex') }
  },
}

const gcm = (q, more) => ({ mode: 'gcm', padding: 'none', output: 'array', iv: bytes(q.nonce), associatedData: bytes(q.aad), ...more })

createInterface({ input: process.stdin }).on('line', (line) => {
  const q = JSON.parse(line)
  const operation = operations[q.op]
  if (!operation) throw new Error(`no operation ${q.op}`)
  let answer
  try {
    answer = operation(q)
  } catch (refusal) {
    answer = { refusal: String(refusal.message) }
  }
  if (answer.output !== undefined) answer.output = Buffer.from(answer.output, 'hex').toString('base64')
  process.stdout.write(JSON.stringify(answer) + '\n')
})
