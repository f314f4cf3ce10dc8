// Reads frames with jsQR and zxing-wasm. Arguments: width, height, then files of one byte a pixel. One JSON line on
// standard output for each file: what each reader found, bytes in base64, or nothing.
'use strict'

const { readFileSync } = require('node:fs')
const { join } = require('node:path')
const jsQR = require('jsqr')
const { readBarcodes, prepareZXingModule } = require('zxing-wasm/reader')

const [width, height] = process.argv.slice(2, 4).map(Number)

async function main() {
  // The package would fetch its program from the network; it lies beside it.
  const wasm = join(__dirname, 'node_modules/zxing-wasm/dist/reader/zxing_reader.wasm')
  await prepareZXingModule({ overrides: { wasmBinary: readFileSync(wasm).buffer }, fireImmediately: true })
  for (const name of process.argv.slice(4)) {
    const gray = readFileSync(name)
    const data = new Uint8ClampedArray(4 * width * height)
    for (let i = 0; i < gray.length; i++) {
      data[4 * i] = data[4 * i + 1] = data[4 * i + 2] = gray[i]
      data[4 * i + 3] = 255
    }
    const one = jsQR(data, width, height)
    const many = await readBarcodes({ data, width, height, colorSpace: 'srgb' }, { formats: ['QRCode'], tryHarder: true })
    const base64 = (bytes) => Buffer.from(bytes).toString('base64')
    console.log(JSON.stringify({
      jsqr: one ? [base64(one.binaryData)] : [],
      zxing: many.filter((r) => r.isValid).map((r) => base64(r.bytes)),
    }))
  }
}

main()
