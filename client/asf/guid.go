package asf

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
)

// guid is a GUID as it stands in a file: the first three groups are little
// endian.
type guid string

// parseGUID reads the form in which specifications have it.
func parseGUID(s string) guid {
	b, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil || len(b) != 16 {
		panic("asf: GUID " + s)
	}
	binary.LittleEndian.PutUint32(b, binary.BigEndian.Uint32(b))
	binary.LittleEndian.PutUint16(b[4:], binary.BigEndian.Uint16(b[4:]))
	binary.LittleEndian.PutUint16(b[6:], binary.BigEndian.Uint16(b[6:]))
	return guid(b)
}

// HeaderGUID and DataGUID are the first 16 bytes of the two objects that every
// stream has.
var (
	HeaderGUID = string(headerObject)
	DataGUID   = string(dataObject)
)

// Objects (section 10 of the specification).
var (
	headerObject     = parseGUID("75B22630-668E-11CF-A6D9-00AA0062CE6C")
	dataObject       = parseGUID("75B22636-668E-11CF-A6D9-00AA0062CE6C")
	simpleIndex      = parseGUID("33000890-E5B1-11CF-89F4-00A0C90349CB")
	fileProperties   = parseGUID("8CABDCA1-A947-11CF-8EE4-00C00C205365")
	streamProperties = parseGUID("B7DC0791-A9B7-11CF-8EE6-00C00C205365")
	headerExtension  = parseGUID("5FBF03B5-A92E-11CF-8EE3-00C00C205365")
	extendedStream   = parseGUID("14E6A5CB-C672-4332-8399-A96952065B5A")

	bitrateExclusion  = parseGUID("D6E229DC-35DA-11D1-9034-00A0C90349BE")
	advancedExclusion = parseGUID("A08649CF-4775-4670-8A16-6E35357566CD")
	groupExclusion    = parseGUID("D1465A40-5A79-4338-B71B-E36B8FD6C249")
	prioritization    = parseGUID("D4FED15B-88D3-454F-81F0-ED5C45999E24")
	streamBitrates    = parseGUID("7BF875CE-468D-11D1-8D82-006097C9A2B2")

	codecList           = parseGUID("86D15240-311D-11D0-A3A4-00A0C90348F6")
	languageList        = parseGUID("7C4346A9-EFE0-4BFC-B229-393EDE415C85")
	metadata            = parseGUID("C5F8CBEA-5BAF-4877-8467-AA8C44FA4CCA")
	metadataLibrary     = parseGUID("44231C94-9498-49D1-A141-1D134E457054")
	contentDescription  = parseGUID("75B22633-668E-11CF-A6D9-00AA0062CE6C")
	scriptCommand       = parseGUID("1EFB1A30-0B62-11D0-A39B-00A0C90348F6")
	contentEncryption   = parseGUID("2211B3FB-BD23-11D2-B4B7-00A0C955FC6E")
	extendedEncryption  = parseGUID("298AE614-2622-4C17-B935-DAE07EE9289C")
	digitalSignature    = parseGUID("2211B3FC-BD23-11D2-B4B7-00A0C955FC6E")
	paddingObject       = parseGUID("1806D474-CADF-4509-A4BA-9AABCB96AAE8")
	indexParameters     = parseGUID("D6E229DF-35DA-11D1-9034-00A0C90349BE")
	mediaIndexParams    = parseGUID("6B203BAD-3F11-48E4-ACA8-D7613DE2CFA7")
	timecodeIndexParams = parseGUID("F55E496D-9797-4B5D-8C8B-604DFE9BFB24")
	indexPlaceholder    = parseGUID("D9AADE20-7C17-4F9C-BC28-8555DD98E2A2")
)

// Types of exclusions, streams and error correction.
var (
	byLanguage = parseGUID("D6E22A00-35DA-11D1-9034-00A0C90349BE")
	byBitrate  = parseGUID("D6E22A01-35DA-11D1-9034-00A0C90349BE")

	audioStream    = parseGUID("F8699E40-5B4D-11CF-A8FD-00805F5C442B")
	videoStream    = parseGUID("BC19EFC0-5B4D-11CF-A8FD-00805F5C442B")
	commandStream  = parseGUID("59DACFC0-59E6-11D0-A3AC-00A0C90348F6")
	imageStream    = parseGUID("B61BE100-5B4E-11CF-A8FD-00805F5C442B")
	embeddedStream = parseGUID("3AFB65E2-47EF-40F2-AC2C-70A90D71D343")
	embeddedAudio  = parseGUID("31178C9D-03E1-4528-B582-3DF9DB22F503")

	audioSpread = parseGUID("BFC3CD50-618F-11CF-8BB2-00AA00B4E220")
)
