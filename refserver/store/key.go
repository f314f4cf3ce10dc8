package store

import (
	"bytes"
	"crypto"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/emmansun/gmsm/pkcs"
	"github.com/emmansun/gmsm/pkcs8"
	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"github.com/citizencode/citizencode/citycode/engine"
)

// Limits of a key file.
const (
	maxKeyFile        = 8 << 10
	maxPassphraseFile = 1 << 10

	// keyIterations of PBKDF2 with HMAC-SM3 cost about a tenth of a second.
	keyIterations = 100_000
	// maxIterations keeps a damaged or planted file from costing hours.
	maxIterations = 1_000_000
)

const (
	plainKey     = "PRIVATE KEY"
	encryptedKey = "ENCRYPTED PRIVATE KEY"
)

// CreateKey writes an SM2 private key as PKCS#8 PEM (GB/T 35276-2017, as OpenSSL
// 3 reads and writes it). With a passphrase it is encrypted with SM4-CBC under
// PBKDF2 with HMAC-SM3. It never replaces a file.
func CreateKey(path string, key crypto.Signer, passphrase []byte) error {
	b, err := encodeKey(key, passphrase, keyIterations)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return CreateFile(path, b, Secret)
}

func encodeKey(key crypto.Signer, passphrase []byte, iterations int) ([]byte, error) {
	block := &pem.Block{Type: plainKey}
	var err error
	// The library takes an empty passphrase for none, and so does this package:
	// whoever meant one finds out in ReadPassphrase.
	if len(passphrase) == 0 {
		block.Bytes, err = smx509.MarshalPKCS8PrivateKey(key)
	} else {
		block.Type = encryptedKey
		block.Bytes, err = pkcs8.MarshalPrivateKey(key, passphrase,
			pkcs.NewPBESEncrypter(pkcs.SM4CBC, pkcs.NewPBKDF2Opts(pkcs.SM3, 16, iterations)))
	}
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(block), nil
}

// ReadKey reads a private key. The passphrase is needed if, and only if, the
// file is encrypted.
func ReadKey(path string, passphrase []byte) (crypto.Signer, error) {
	b, err := ReadFile(path, maxKeyFile)
	if err != nil {
		return nil, err
	}
	key, err := parseKey(b, passphrase)
	if err != nil {
		return nil, &DamagedError{path, err}
	}
	return key, nil
}

func parseKey(b, passphrase []byte) (crypto.Signer, error) {
	block, rest := pem.Decode(b)
	if block == nil {
		return nil, errors.New("it is not a private key in PEM form")
	}
	// One key has one spelling: a second block, a header or text around the
	// block would be a place where two programs read two things.
	if len(rest) > 0 || len(block.Headers) > 0 || !bytes.Equal(pem.EncodeToMemory(block), b) {
		return nil, errors.New("it is not exactly one PEM block")
	}
	der := block.Bytes
	switch block.Type {
	case plainKey:
		if len(passphrase) > 0 {
			return nil, errors.New("a passphrase is given, but the key is not encrypted")
		}
	case encryptedKey:
		if len(passphrase) == 0 {
			return nil, errors.New("the key is encrypted and needs a passphrase")
		}
		var err error
		if der, err = decryptKey(der, passphrase); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("it is a PEM block of type %q, not a PKCS#8 private key", block.Type)
	}
	parsed, err := smx509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, errors.New("it is not a PKCS#8 private key")
	}
	key, ok := parsed.(*sm2.PrivateKey)
	if !ok {
		return nil, errors.New("it is not an SM2 key")
	}
	// The library recomputes the public key and ignores the one that stands in
	// the file. To write the key again and compare finds a flipped bit of the
	// private scalar, which would else be another key that nobody has listed.
	if again, err := smx509.MarshalPKCS8PrivateKey(key); err != nil || !bytes.Equal(again, der) {
		return nil, errors.New("its private and public halves do not belong together, or it is not in DER")
	}
	// n-1 is a scalar of the curve and no key: it cannot sign.
	return engine.NewSigner(key.D.FillBytes(make([]byte, 32)))
}

type encryptedPrivateKeyInfo struct {
	Algorithm pkix.AlgorithmIdentifier
	Data      []byte
}

// pbkdf2Params is PBKDF2-params of RFC 8018, A.2, with the salt in place.
type pbkdf2Params struct {
	Salt       []byte
	Iterations int
	KeyLength  int                      `asn1:"optional"`
	PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
}

var (
	oidPBKDF2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
	oidSM4CBC = asn1.ObjectIdentifier{1, 2, 156, 10197, 1, 104, 2}
)

// decryptKey opens PBES2 with PBKDF2 and SM4-CBC and nothing else. The
// parameters are looked at before a byte is hashed: they stand outside any
// checksum and say how much work to do.
func decryptKey(der, passphrase []byte) ([]byte, error) {
	var info encryptedPrivateKeyInfo
	var scheme pkcs.PBES2Params
	var kdf pbkdf2Params
	var iv []byte
	switch {
	case !unmarshal(der, &info) || !pkcs.IsPBES2(info.Algorithm) || !unmarshal(info.Algorithm.Parameters.FullBytes, &scheme):
		return nil, errors.New("its encryption is not PBES2")
	case !scheme.KeyDerivationFunc.Algorithm.Equal(oidPBKDF2) || !unmarshal(scheme.KeyDerivationFunc.Parameters.FullBytes, &kdf):
		return nil, errors.New("its key derivation is not PBKDF2")
	case kdf.Iterations < 1 || kdf.Iterations > maxIterations || kdf.KeyLength != 0 && kdf.KeyLength != 16:
		return nil, fmt.Errorf("its key derivation is out of range: %d iterations, at most %d", kdf.Iterations, maxIterations)
	case !scheme.EncryptionScheme.Algorithm.Equal(oidSM4CBC) || !unmarshal(scheme.EncryptionScheme.Parameters.FullBytes, &iv) || len(iv) != 16:
		return nil, errors.New("its cipher is not SM4-CBC")
	case len(info.Data) == 0 || len(info.Data)%16 != 0:
		return nil, errors.New("its encrypted part is not whole blocks")
	}
	plain, _, err := scheme.Decrypt(passphrase, info.Data)
	if err != nil {
		return nil, errors.New("the passphrase is wrong or the file is damaged")
	}
	return plain, nil
}

// unmarshal takes what Marshal would write and nothing else: the library skips
// elements that it does not expect.
func unmarshal[T any](der []byte, v *T) bool {
	if _, err := asn1.Unmarshal(der, v); err != nil {
		return false
	}
	again, err := asn1.Marshal(*v)
	return err == nil && bytes.Equal(again, der)
}

// ReadPassphrase reads the first and only line of a file. It is not empty: an
// empty passphrase would leave a key open that its owner believes encrypted.
func ReadPassphrase(path string) ([]byte, error) {
	b, err := ReadFile(path, maxPassphraseFile)
	if err != nil {
		return nil, err
	}
	b = bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r"))
	if len(b) == 0 || bytes.ContainsAny(b, "\r\n\x00") {
		return nil, damaged(path, "it is not one line with a passphrase")
	}
	return b, nil
}

// scalar returns the 32 secret bytes of a key that ReadKey returned.
func scalar(key crypto.Signer) ([]byte, error) {
	k, ok := key.(*sm2.PrivateKey)
	if !ok {
		return nil, errors.New("its secret cannot be read")
	}
	return k.D.FillBytes(make([]byte, 32)), nil
}

// ReadImplicitKey reads the master key of an issuer of implicit credentials.
func ReadImplicitKey(path string, passphrase []byte) (*engine.ImplicitKey, error) {
	key, err := ReadKey(path, passphrase)
	if err != nil {
		return nil, err
	}
	secret, err := scalar(key)
	if err != nil {
		return nil, &DamagedError{path, err}
	}
	return engine.NewImplicitKey(secret)
}

// ReadSealKey reads the secret behind a city's seals (SPEC §4.6) and returns
// the SM4 key that follows from it: the first 16 bytes of SM3 over a name and
// the secret. The secret stands in the form of an SM2 key, so that it is kept,
// encrypted and checked like all the others; it signs nothing.
func ReadSealKey(path string, passphrase []byte) ([]byte, error) {
	key, err := ReadKey(path, passphrase)
	if err != nil {
		return nil, err
	}
	secret, err := scalar(key)
	if err != nil {
		return nil, &DamagedError{path, err}
	}
	h := engine.Default().NewSM3()
	h.Write([]byte("citycode seal key\n"))
	h.Write(secret)
	return h.Sum(nil)[:16], nil
}
