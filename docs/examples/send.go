// Sends a file to a mirror-bootstrap sidecar: a model of a source, made from docs/protocol.md. Go 1.19 or newer and
// go mod init send && go get github.com/gorilla/websocket github.com/vmihailenco/msgpack/v5 (or Debian's golang-github-
// gorilla-websocket-dev and golang-github-vmihailenco-msgpack.v5-dev with GO111MODULE=off GOPATH=/usr/share/gocode).
// Exit codes: 0 committed, 2 wrong command line, 3 refused, 4 the link, 5 the file.
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand"
	"net"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/websocket"
	"github.com/vmihailenco/msgpack/v5"
)

var errorsThatHeal = regexp.MustCompile("^(chunk_crc_mismatch|insufficient_storage|too_many_bootstraps|transport)$")
var (
	url, cluster, database = flag.String("url", "", ""), flag.String("cluster", "", ""), flag.String("database", "", "")
	tokenFile, ca, replace = flag.String("token-file", "", ""), flag.String("ca", "", ""), flag.Bool("replace", false, "")
	lsn, castagnoli        = flag.Uint64("lsn", 0, ""), crc32.MakeTable(crc32.Castagnoli)
	silence, giveUpAfter   = time.Minute, 10 * time.Minute // it sends a ping every few seconds; without a further byte
	answersThatHeal        = regexp.MustCompile("^(408|425|429|50[^156]|51[^01]|5[2-9].)")
	bytesSent, bytesDone   int64         // over all links; and what the sidecar has said to have
	retryAfter             time.Duration // of this link
)

func check(err error, exitCode int) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(exitCode)
	}
}

func least(a, b int64) int64 {
	if a < b {
		return a
	}
	return b
}

// connect and transfer return an error where coming back may help.
func connect() (*websocket.Conn, error) {
	header, trusted := http.Header{}, (*x509.CertPool)(nil)
	if *tokenFile != "" { // read anew for each link, as it may have been replaced
		token, err := os.ReadFile(*tokenFile)
		check(err, 2)
		header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	}
	if *ca != "" {
		pem, err := os.ReadFile(*ca)
		check(err, 2)
		trusted = x509.NewCertPool()
		trusted.AppendCertsFromPEM(pem)
	}
	dialer := websocket.Dialer{HandshakeTimeout: silence, TLSClientConfig: &tls.Config{RootCAs: trusted},
		WriteBufferSize: 256 << 10, Subprotocols: []string{"mirror-bootstrap.v1"}}
	address := "ws" + strings.TrimPrefix(strings.TrimRight(*url, "/"), "http") + "/v1/bootstrap"
	link, response, err := dialer.Dial(address, header)
	if lost := net.Error(nil); err != nil && response != nil {
		said, _ := io.ReadAll(response.Body)
		err = fmt.Errorf("refused: HTTP %s %s", response.Status, said)
		if !answersThatHeal.MatchString(response.Status) {
			check(err, 3)
		}
		seconds, _ := strconv.ParseInt(response.Header.Get("Retry-After"), 10, 32)
		retryAfter = time.Duration(least(seconds, 60)) * time.Second
	} else if err != nil && !errors.As(err, &lost) && !strings.HasSuffix(err.Error(), "EOF") {
		check(fmt.Errorf("no TLS, or no WebSocket: %w", err), 4)
	}
	return link, err
}

// transfer writes without a look at errors: what was said before the link ended is still to be read then, and decides.
func transfer(link *websocket.Conn, file io.ReaderAt, total int64, crc uint32) error {
	defer link.Close()
	link.SetReadLimit(1 << 20)
	link.SetPingHandler(func(data string) error {
		link.SetReadDeadline(time.Now().Add(silence))
		link.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(silence))
		return nil
	})
	link.WriteJSON(map[string]interface{}{"type": "open", "source_cluster_id": *cluster, "source_database_id": *database,
		"snapshot_lsn": *lsn, "total_bytes": total, "total_crc32c": crc, "replace": *replace})
	var offset, answered, window, largest, most int64
	for unanswered, done := int64(1), false; ; {
		a := struct {
			Type, Code, Message, Snapshot_path                                 string
			Offset, Bytes_done, Max_chunk_bytes, Window_bytes, Window_messages int64
		}{Window_messages: 256} // where an older sidecar does not say
		link.SetReadDeadline(time.Now().Add(silence))
		err := link.ReadJSON(&a)
		if websocket.IsUnexpectedCloseError(err, 1000, 1001, 1006, 1011, 1012, 1013, 1014) || err == websocket.ErrReadLimit ||
			errors.As(err, new(*json.SyntaxError)) || errors.As(err, new(*json.UnmarshalTypeError)) {
			check(err, 4)
		} else if err != nil {
			return err
		}
		switch a.Type {
		case "committed":
			fmt.Printf("committed %s (%d bytes sent)\n", a.Snapshot_path, bytesSent)
			link.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""))
			return nil
		case "opened":
			offset, answered, window, most = a.Offset, a.Offset, a.Window_bytes, least(7, a.Window_messages)
			largest = least(least(1<<20, a.Max_chunk_bytes), window)
		case "pending":
			answered, bytesDone = a.Bytes_done, a.Bytes_done
		default:
			if err = fmt.Errorf("%s: %s", a.Code, a.Message); !errorsThatHeal.MatchString(a.Code) {
				check(err, 3)
			}
			return err
		}
		// most is so few that the sidecar still reads when their answers are not read: writing ends at some time
		for unanswered--; unanswered < most && !done && offset+largest-answered <= window; unanswered++ {
			data := make([]byte, least(largest, total-offset))
			if _, err := file.ReadAt(data, offset); err != nil {
				check(fmt.Errorf("the file has become shorter, or cannot be read: %w", err), 5)
			}
			done = offset+int64(len(data)) == total
			message := bytes.NewBuffer([]byte{0x89}) // a map of nine
			msgpack.NewEncoder(message).EncodeMulti("source_cluster_id", *cluster, "source_database_id", *database,
				"snapshot_lsn", *lsn, "total_bytes", total, "total_crc32c", crc, "offset", offset, "done", done,
				"chunk_crc32c", crc32.Checksum(data, castagnoli), "data", data)
			link.SetWriteDeadline(time.Now().Add(silence))
			link.WriteMessage(websocket.BinaryMessage, message.Bytes())
			offset, bytesSent = offset+int64(len(data)), bytesSent+int64(len(data))
		}
	}
}

func main() {
	flag.Parse()
	if flag.NArg() != 1 || !strings.HasPrefix(*url, "http") || *cluster == "" || *database == "" {
		check(errors.New("usage: send -url URL -cluster NAME -database NAME [options as of -help] FILE"), 2)
	}
	file, err := os.Open(flag.Arg(0))
	check(err, 5)
	crc := crc32.New(castagnoli)
	total, err := io.Copy(crc, file)
	check(err, 5)
	if total == 0 {
		check(errors.New("the file is empty: rather a program that failed than a snapshot"), 2)
	}
	rand.Seed(time.Now().UnixNano())
	for pause, furthest, since := time.Second/2, int64(0), time.Now(); ; pause *= 2 {
		link, err := connect()
		if err == nil {
			err = transfer(link, file, total, crc.Sum32())
		}
		if err == nil {
			return
		}
		if bytesDone > furthest {
			furthest, pause, since = bytesDone, time.Second/2, time.Now()
		} else if time.Since(since) > giveUpAfter {
			check(fmt.Errorf("gave up: %w", err), 4)
		}
		pause = time.Duration(least(int64(pause), int64(30*time.Second)))
		wait := retryAfter + time.Duration(float64(pause)*(0.75+rand.Float64()/2))
		fmt.Fprintf(os.Stderr, "%v: again in %.1f s\n", err, wait.Seconds())
		time.Sleep(wait)
		retryAfter = 0
	}
}
