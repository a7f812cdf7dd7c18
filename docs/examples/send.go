// Sends a file to a mirror-bootstrap sidecar: a model of a source, made from docs/protocol.md. Go 1.19 or newer, nothing else:
//
//	go run send.go -url https://mirror:8443 -cluster prod-eu -database orders base.tar
//
// Exit codes: 0 committed, 2 wrong command line, 3 refused, 4 the link (-give-up-after), 5 the file.
package main

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"hash/crc32"
	"io"
	mathrand "math/rand"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

const (
	chunkBytes    = 1 << 20   // of payload in a message
	frameBytes    = 256 << 10 // of a message in a frame of WebSocket
	unanswered    = 8         // messages; far below window_messages, so an error is seen soon, and writing first never waits for ever
	silence       = time.Minute
	longestAnswer = 1 << 20
)

var (
	castagnoli      = crc32.MakeTable(crc32.Castagnoli)
	comeBackErrors  = map[string]bool{"chunk_crc_mismatch": true, "insufficient_storage": true, "too_many_bootstraps": true, "transport": true}
	comeBackCloses  = map[uint16]bool{1000: true, 1001: true, 1011: true, 1012: true, 1013: true, 1014: true}
	comeBackHTTP    = map[int]bool{408: true, 425: true, 429: true, 500: true, 502: true, 503: true, 504: true}
	url             = flag.String("url", "", "http://host:port or https://host:port")
	cluster         = flag.String("cluster", "", "the cluster that made the snapshot")
	database        = flag.String("database", "", "the database that is mirrored")
	lsn             = flag.Int64("lsn", 0, "the position of the snapshot in the log")
	tokenFile       = flag.String("token-file", "", "a file with a token")
	authorities     = flag.String("ca", "", "a file of authorities to trust, in place of the system's")
	replace         = flag.Bool("replace", false, "this snapshot is meant, though it is older than what is there")
	giveUpAfter     = flag.Float64("give-up-after", 600, "seconds without a further byte")
	bytesSent, done int64 // over all links; and what the sidecar has said to have
)

// giveUp: coming back does not help.
type giveUp struct {
	message string
	exit    int
}

func (e giveUp) Error() string { return e.message }

// comeBack: another link may help, and not before so long. Any other error of a link is one, too.
type comeBack struct {
	message string
	after   time.Duration
}

func (e comeBack) Error() string { return e.message }

// identity is what each chunk of a transfer says.
type identity struct {
	Cluster  string `json:"source_cluster_id"`
	Database string `json:"source_database_id"`
	LSN      int64  `json:"snapshot_lsn"`
	Bytes    int64  `json:"total_bytes"`
	CRC      uint32 `json:"total_crc32c"`
}

type answer struct {
	Type     string `json:"type"`
	Code     string `json:"code"`
	Message  string `json:"message"`
	Offset   int64  `json:"offset"`
	MaxChunk int64  `json:"max_chunk_bytes"`
	Window   int64  `json:"window_bytes"`
	Messages int    `json:"window_messages"`
	Done     int64  `json:"bytes_done"`
	Path     string `json:"snapshot_path"`
}

// link is a WebSocket to the sidecar. A call that takes longer than silence fails: the sidecar sends a ping every few seconds.
type link struct {
	net.Conn
	in *bufio.Reader
}

func connect() (*link, error) {
	request, err := http.NewRequest("GET", strings.TrimSuffix(*url, "/")+"/v1/bootstrap", nil)
	if err != nil || request.URL.Scheme != "http" && request.URL.Scheme != "https" || request.URL.Host == "" {
		return nil, giveUp{"-url must be http://host:port or https://host:port", 2}
	}
	random := make([]byte, 16)
	rand.Read(random)
	key := base64.StdEncoding.EncodeToString(random)
	for name, value := range map[string]string{"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
		"Sec-WebSocket-Key": key, "Sec-WebSocket-Protocol": "mirror-bootstrap.v1"} {
		request.Header.Set(name, value)
	}
	if *tokenFile != "" { // read anew for each link, as it may have been replaced
		token, err := os.ReadFile(*tokenFile)
		if err != nil {
			return nil, giveUp{"cannot read the token: " + err.Error(), 2}
		}
		request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	}
	port := request.URL.Port()
	if port == "" {
		port = request.URL.Scheme
	}
	conn, err := net.DialTimeout("tcp", net.JoinHostPort(request.URL.Hostname(), port), silence)
	if err != nil {
		return nil, err
	}
	conn.SetDeadline(time.Now().Add(silence))
	if request.URL.Scheme == "https" {
		config := &tls.Config{ServerName: request.URL.Hostname()}
		if *authorities != "" {
			pem, err := os.ReadFile(*authorities)
			config.RootCAs = x509.NewCertPool()
			if err != nil || !config.RootCAs.AppendCertsFromPEM(pem) {
				return nil, giveUp{"no authority in " + *authorities, 2}
			}
		}
		secure := tls.Client(conn, config)
		if err := secure.Handshake(); err != nil {
			conn.Close()
			if errors.As(err, new(x509.UnknownAuthorityError)) || errors.As(err, new(x509.HostnameError)) ||
				errors.As(err, new(x509.CertificateInvalidError)) {
				return nil, giveUp{"no TLS: " + err.Error(), 4}
			}
			return nil, err
		}
		conn = secure
	}
	l := &link{conn, bufio.NewReader(conn)}
	if err := l.upgrade(request, key); err != nil {
		conn.Close()
		return nil, err
	}
	return l, nil
}

func (l *link) upgrade(request *http.Request, key string) error {
	if err := request.Write(l); err != nil {
		return err
	}
	response, err := http.ReadResponse(l.in, request)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusSwitchingProtocols {
		body, _ := io.ReadAll(io.LimitReader(response.Body, longestAnswer))
		message := fmt.Sprintf("HTTP %d %s", response.StatusCode, body)
		if comeBackHTTP[response.StatusCode] {
			after, _ := strconv.Atoi(response.Header.Get("Retry-After"))
			if after > 60 {
				after = 60
			}
			return comeBack{message, time.Duration(after) * time.Second}
		}
		return giveUp{"refused: " + message, 3}
	}
	accept := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	if response.Header.Get("Sec-WebSocket-Accept") != base64.StdEncoding.EncodeToString(accept[:]) {
		return giveUp{"what answers is no WebSocket", 4}
	}
	return nil
}

// send writes a frame, masked as all of a client are.
func (l *link) send(opcode byte, data []byte, final bool) error {
	if final {
		opcode |= 0x80
	}
	frame := []byte{opcode}
	switch size := len(data); {
	case size < 126:
		frame = append(frame, 0x80|byte(size))
	case size < 1<<16:
		frame = binary.BigEndian.AppendUint16(append(frame, 0xFE), uint16(size))
	default:
		frame = binary.BigEndian.AppendUint64(append(frame, 0xFF), uint64(size))
	}
	mask := make([]byte, 4)
	rand.Read(mask)
	frame = append(frame, mask...)
	for i, each := range data {
		frame = append(frame, each^mask[i&3])
	}
	l.SetDeadline(time.Now().Add(silence))
	_, err := l.Write(frame)
	return err
}

func (l *link) message(opcode byte, message []byte) error {
	for len(message) > frameBytes {
		if err := l.send(opcode, message[:frameBytes], false); err != nil {
			return err
		}
		opcode, message = 0, message[frameBytes:]
	}
	return l.send(opcode, message, true)
}

func (l *link) read(size uint64) ([]byte, error) {
	if size > longestAnswer {
		return nil, giveUp{"an answer that is too long", 4}
	}
	l.SetDeadline(time.Now().Add(silence))
	data := make([]byte, size)
	_, err := io.ReadFull(l.in, data)
	return data, err
}

// frame has its first byte and what is in it.
func (l *link) frame() (first byte, data []byte, err error) {
	head, err := l.read(2)
	if err != nil {
		return 0, nil, err
	}
	size := uint64(head[1])
	if size > 125 {
		long, err := l.read(map[uint64]uint64{126: 2, 127: 8}[size])
		if err != nil {
			return 0, nil, err
		}
		size = binary.BigEndian.Uint64(append(make([]byte, 8-len(long)), long...))
	}
	data, err = l.read(size)
	return head[0], data, err
}

// answer is the next one, which is none of the errors; pings before it are answered.
func (l *link) answer() (answer, error) {
	for text := []byte(nil); ; {
		first, data, err := l.frame()
		if err != nil {
			return answer{}, err
		}
		switch first & 15 {
		case 9:
			if err := l.send(10, data, true); err != nil {
				return answer{}, err
			}
		case 8:
			return answer{}, closed(data)
		case 0, 1:
			if text = append(text, data...); len(text) > longestAnswer {
				return answer{}, giveUp{"an answer that is too long", 4}
			} else if first&0x80 != 0 {
				return judged(text)
			}
		}
	}
}

func closed(data []byte) error {
	code := uint16(1005) // there is none
	if len(data) > 1 {
		code, data = binary.BigEndian.Uint16(data), data[2:]
	}
	message := fmt.Sprintf("the link was closed with %d %s", code, data)
	if comeBackCloses[code] {
		return comeBack{message, 0}
	}
	return giveUp{message, 4}
}

func judged(text []byte) (a answer, err error) {
	if json.Unmarshal(text, &a) != nil {
		return a, giveUp{"what answers does not speak this protocol", 4}
	} else if a.Type != "error" {
		return a, nil
	} else if comeBackErrors[a.Code] {
		return a, comeBack{a.Code + ": " + a.Message, 0}
	}
	return a, giveUp{"refused: " + a.Code + ": " + a.Message, 3}
}

// chunk in MessagePack: a map, data last. Integers and strings may be wider than they need to be.
func (id identity) chunk(offset int64, data []byte, last bool) []byte {
	message := bytes.NewBuffer(append(make([]byte, 0, len(data)+1024), 0x89))
	key := func(name string) { message.WriteString(string([]byte{0xA0 | byte(len(name))}) + name) }
	text := func(name, value string) {
		key(name)
		message.Write(binary.BigEndian.AppendUint16([]byte{0xDA}, uint16(len(value))))
		message.WriteString(value)
	}
	number := func(name string, value uint64) {
		key(name)
		message.Write(binary.BigEndian.AppendUint64([]byte{0xCF}, value))
	}
	text("source_cluster_id", id.Cluster)
	text("source_database_id", id.Database)
	number("snapshot_lsn", uint64(id.LSN))
	number("total_bytes", uint64(id.Bytes))
	number("total_crc32c", uint64(id.CRC))
	number("offset", uint64(offset))
	number("chunk_crc32c", uint64(crc32.Checksum(data, castagnoli)))
	key("done")
	message.WriteByte(map[bool]byte{false: 0xC2, true: 0xC3}[last])
	key("data")
	message.Write(binary.BigEndian.AppendUint32([]byte{0xC6}, uint32(len(data))))
	message.Write(data)
	return message.Bytes()
}

// attempt is one link; it returns what is said of the committed snapshot.
func attempt(file io.ReaderAt, id identity) (answer, error) {
	l, err := connect()
	if err != nil {
		return answer{}, err
	}
	defer l.Close()
	open, _ := json.Marshal(struct {
		Type    string `json:"type"`
		Replace bool   `json:"replace"`
		identity
	}{"open", *replace, id})
	if err := l.message(1, open); err != nil {
		return answer{}, err
	}
	opened, err := l.answer()
	if err != nil || opened.Type == "committed" { // by an earlier run, or an earlier link
		return opened, err
	}
	if opened.Type != "opened" || opened.MaxChunk < 1 || opened.Offset < 0 || opened.Offset > id.Bytes {
		return answer{}, giveUp{"what answers does not speak this protocol", 4}
	}
	largest, most := opened.MaxChunk, opened.Messages
	if largest > chunkBytes {
		largest = chunkBytes
	}
	if most == 0 || most > unanswered {
		most = unanswered
	}
	sent, answered, waiting, last := opened.Offset, opened.Offset, 0, false
	for {
		for !last && waiting < most && (waiting == 0 || sent+largest-answered <= opened.Window) {
			size := id.Bytes - sent
			if size > largest {
				size = largest
			}
			data := make([]byte, size)
			if n, err := file.ReadAt(data, sent); int64(n) < size {
				return answer{}, giveUp{fmt.Sprint("cannot read the file: ", err), 5}
			}
			last = sent+size == id.Bytes
			if err := l.message(2, id.chunk(sent, data, last)); err != nil {
				for { // until the last that was said: it may be that there is nothing to come back for
					if _, last := l.answer(); errors.As(last, new(giveUp)) || errors.As(last, new(comeBack)) {
						return answer{}, last
					} else if last != nil {
						return answer{}, err
					}
				}
			}
			sent, bytesSent, waiting = sent+size, bytesSent+size, waiting+1
		}
		a, err := l.answer()
		if err != nil || a.Type == "committed" {
			if err == nil {
				l.send(8, []byte{1000 >> 8, 1000 & 255}, true)
			}
			return a, err
		}
		waiting--
		answered, done = a.Done, a.Done
	}
}

// send goes on as long as it takes, with pauses that begin anew whenever the snapshot has got further.
func send(name string) (answer, error) {
	file, err := os.Open(name)
	if err != nil {
		return answer{}, giveUp{err.Error(), 5}
	}
	crc := crc32.New(castagnoli)
	total, err := io.Copy(crc, file)
	if err != nil {
		return answer{}, giveUp{err.Error(), 5}
	}
	if total == 0 {
		return answer{}, giveUp{"the file is empty: rather a program that failed than a snapshot", 2}
	}
	id := identity{*cluster, *database, *lsn, total, crc.Sum32()}
	furthest, pause, since := int64(0), 500*time.Millisecond, time.Now()
	for {
		committed, err := attempt(file, id)
		var ends giveUp
		if err == nil || errors.As(err, &ends) {
			return committed, err
		}
		if done > furthest {
			furthest, pause, since = done, 500*time.Millisecond, time.Now()
		}
		if time.Since(since).Seconds() > *giveUpAfter {
			return answer{}, giveUp{"gave up: " + err.Error(), 4}
		}
		wait := time.Duration(float64(pause) * (0.75 + mathrand.Float64()/2))
		if after, is := err.(comeBack); is && after.after > wait {
			wait = after.after
		}
		fmt.Fprintf(os.Stderr, "%v: again in %.1f s\n", err, wait.Seconds())
		time.Sleep(wait)
		if pause *= 2; pause > 30*time.Second {
			pause = 30 * time.Second
		}
	}
}

func main() {
	mathrand.Seed(time.Now().UnixNano())
	flag.Parse()
	if flag.NArg() != 1 || *url == "" || *cluster == "" || *database == "" || *lsn < 0 {
		fmt.Fprintln(os.Stderr, "usage: send -url URL -cluster NAME -database NAME [options] FILE")
		flag.PrintDefaults()
		os.Exit(2)
	}
	committed, err := send(flag.Arg(0))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(err.(giveUp).exit)
	}
	fmt.Printf("committed %s (%d bytes sent)\n", committed.Path, bytesSent)
}
