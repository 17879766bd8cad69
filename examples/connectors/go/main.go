// A connector in Go, written from the schemas alone: it executes the commands of the family sms.
//
// Its back end is whatever serves `POST <SMS_URL>` with {"id", "from", "to", "text"} and knows an id that it has seen before: then a
// command whose connector was killed can be sent again. docs/connectors.md explains every step.
package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/google/uuid"
	"github.com/hamba/avro/v2"
	"github.com/redis/go-redis/v9"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	family        = "sms"
	recordExpiry  = 9 * 24 * time.Hour // how long a command id is known to be executed
	presenceFor   = 10 * time.Second   // so long after its last sign of life a connector counts as dead
	retryInitial  = 200 * time.Millisecond
	retryLongest  = 30 * time.Second
	noDeadlineFor = 120 * time.Second
)

// Command is what this connector reads of sms_command.avsc; fields it does not name are skipped by the decoder.
type Command struct {
	CommandID      string         `avro:"command_id"`
	ConversationID string         `avro:"conversation_id"`
	Deadline       *int64         `avro:"deadline"` // epoch ms
	Body           map[string]any `avro:"body"`     // the union's record, under its full name
}

// Response is response.avsc, whole.
type Response struct {
	CommandID  string            `avro:"command_id"`
	Connector  string            `avro:"connector"`
	Outcome    string            `avro:"outcome"`
	Reason     *string           `avro:"reason"`
	Detail     *string           `avro:"detail"`
	Values     map[string]string `avro:"values"`
	AnsweredAt int64             `avro:"answered_at"`
}

// DeadLetter is dead_letter.avsc, whole: a command that cannot be read, as it came.
type DeadLetter struct {
	Topic          string   `avro:"topic"` // without the prefix
	Partition      int32    `avro:"partition"`
	Offset         int64    `avro:"offset"`
	Timestamp      int64    `avro:"timestamp"` // epoch ms
	Key            *[]byte  `avro:"key"`
	Value          *[]byte  `avro:"value"`
	Headers        []Header `avro:"headers"`
	Reason         string   `avro:"reason"`
	Detail         string   `avro:"detail"`
	ConversationID *string  `avro:"conversation_id"`
	Engine         string   `avro:"engine"`
}

// Header is one of a dead letter's.
type Header struct {
	Name  string `avro:"name"`
	Value []byte `avro:"value"`
}

// outcome of one try; retry says that another one may do, not before after has passed; lost, that this one may have been done.
type outcome struct {
	outcome, reason, detail string
	values                  map[string]string
	retry, lost             bool
	after                   time.Duration
}

// One command id is one hash in Redis: `owner` while somebody executes it, `inherited` where another had begun it, `response` once it is
// answered. Both scripts are atomic and can be repeated. They are those of connectors/framework/record.py, for one command.
var claimScript = redis.NewScript(`
local found = redis.call('HMGET', KEYS[1], 'response', 'owner', 'inherited')
if found[1] then return {'answered', found[1]} end
if found[2] == ARGV[2] then return {found[3] and 'inherited' or 'claimed', ARGV[2]} end
if found[2] and found[2] ~= ARGV[3] then return {'taken', found[2]} end
redis.call('HSET', KEYS[1], 'owner', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[1])
if not found[2] then return {'claimed', ARGV[2]} end
redis.call('HSET', KEYS[1], 'inherited', '1')
return {'inherited', ARGV[2]}
`)

var answerScript = redis.NewScript(`
local found = redis.call('HMGET', KEYS[1], 'response', 'owner')
if found[1] then return found[1] end
if found[2] and found[2] ~= ARGV[2] then return false end
redis.call('HSET', KEYS[1], 'response', ARGV[3])
redis.call('HDEL', KEYS[1], 'owner', 'inherited')
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return ARGV[3]
`)

var releaseScript = redis.NewScript(`
if redis.call('HGET', KEYS[1], 'owner') == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`)

var traceparent = regexp.MustCompile(`^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`)

var errTakenOver = errors.New("another connector, which took this one for dead, has the command")

type connector struct {
	kafka      *kgo.Client
	redis      *redis.Client
	http       *http.Client
	prefix     string // of topics and of keys in Redis
	smsURL     string
	name       string
	tries      atomic.Int64
	written    map[int]avro.Schema // what released ids mean
	response   writing
	deadLetter writing
}

// writing is the newest released schema of what is written, and its id.
type writing struct {
	schema avro.Schema
	id     uint32
}

func main() {
	stop, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if err := run(stop); err != nil {
		log.Fatal(err)
	}
}

func run(stop context.Context) error {
	options, err := redis.ParseURL(setting("SMART_ROUTING_REDIS_URL", "redis://127.0.0.1:6379/0"))
	if err != nil {
		return err
	}
	c := &connector{
		redis:  redis.NewClient(options),
		http:   &http.Client{Timeout: 10 * time.Second},
		prefix: setting("SMART_ROUTING_TOPIC_PREFIX", "sr."),
		smsURL: setting("SMS_URL", ""),
		name:   uuid.NewString(),
	}
	if err := c.readSchemas(setting("SCHEMAS", "schemas")); err != nil {
		return err
	}
	c.kafka, err = kgo.NewClient(
		kgo.SeedBrokers(strings.Split(setting("SMART_ROUTING_BOOTSTRAP_SERVERS", "127.0.0.1:9092"), ",")...),
		kgo.ConsumerGroup(c.prefix+"connectors."+family),
		kgo.ConsumeTopics(c.prefix+"commands."+family),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), // workers write commands in transactions
		kgo.DisableAutoCommit(),
		kgo.SessionTimeout(10*time.Second), // after so long without a heartbeat Kafka gives the partitions to others
		kgo.HeartbeatInterval(time.Second),
		kgo.BlockRebalanceOnPoll(), // a batch is finished before its partitions can go to others
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.ProducerBatchMaxBytes(4<<20-1024),                // a dead letter holds a whole record of another topic
		kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)), // murmur2, as Kafka's own clients: a conversation's records are in one partition
	)
	if err != nil {
		return err
	}
	defer c.kafka.CloseAllowingRebalance()
	leave, err := c.beAlive()
	if err != nil {
		return err
	}
	defer leave()
	log.Printf("connector %s: started", family)
	for {
		fetches := c.kafka.PollRecords(stop, 100)
		if stop.Err() != nil {
			log.Printf("connector %s: stopped", family)
			return nil
		}
		if err := fetches.Err(); err != nil {
			return err
		}
		if err := c.work(fetches.Records()); err != nil {
			return err // nothing of it is committed: who comes next finds in Redis what was done
		}
		c.kafka.AllowRebalance()
	}
}

// work executes a batch, the commands of a conversation in their order and those of different ones side by side, then commits it.
func (c *connector) work(records []*kgo.Record) error {
	conversations := map[string][]*kgo.Record{}
	for number, record := range records {
		key := string(record.Key)
		if record.Key == nil { // no conversation to be in order with
			key = fmt.Sprint("\x00", number)
		}
		conversations[key] = append(conversations[key], record)
	}
	failures := make(chan error, len(conversations))
	for _, inOrder := range conversations {
		go func() {
			for _, record := range inOrder {
				if err := c.handle(record); err != nil {
					failures <- err
					return
				}
			}
			failures <- nil
		}()
	}
	var first error
	for range conversations {
		if err := <-failures; err != nil && first == nil {
			first = err
		}
	}
	if first != nil {
		return first
	}
	return c.kafka.CommitRecords(context.Background(), records...)
}

// handle sees one command through: executed once, recorded, answered.
func (c *connector) handle(record *kgo.Record) error {
	command, err := c.decode(record.Value)
	if err != nil {
		return c.bury(record, err)
	}
	response, err := c.once(command)
	if err != nil {
		return err
	}
	answer := &kgo.Record{Topic: c.prefix + "responses", Key: []byte(command.ConversationID), Value: response, Headers: trace(record.Headers)}
	return c.kafka.ProduceSync(context.Background(), answer).FirstErr() // Kafka has it before the offset is committed
}

// once returns the response of a command: the one recorded, or that of its execution.
func (c *connector) once(command Command) ([]byte, error) {
	end := time.Now().Add(noDeadlineFor)
	if command.Deadline != nil {
		end = time.UnixMilli(*command.Deadline)
	}
	late := time.Now().After(end)
	claimant, begun := "", false // begun: a try, ours or a dead connector's, may have been done
	for pause := retryInitial; ; pause = min(2*pause, retryLongest) {
		if !begun {
			claimant = fmt.Sprintf("%s/%d", c.name, c.tries.Add(1))
		}
		kind, content, err := c.claim(command.CommandID, claimant)
		if err != nil {
			return nil, err
		}
		switch {
		case kind == "answered":
			return []byte(content), nil
		case kind == "taken":
			time.Sleep(retryInitial) // another connector is at it
			continue
		case kind == "inherited" && late:
			return c.answer(command, claimant, outcome{outcome: "unknown", reason: "interrupted"})
		case late:
			return c.answer(command, claimant, outcome{outcome: "error", reason: "timeout"})
		}
		// claimed, or inherited: the back end knows the id, so that a second call has no second effect.
		found := c.execute(command, end)
		begun = begun || kind == "inherited" || found.lost
		wait := max(pause, found.after)
		if !found.retry || time.Now().Add(wait).After(end) {
			if found.retry && begun {
				found.outcome = "unknown" // said so, never guessed
			}
			return c.answer(command, claimant, found)
		}
		if !begun { // else the claim stays: who comes next, and be it too late, has to know
			if err := releaseScript.Run(context.Background(), c.redis, []string{c.recordKey(command.CommandID)}, claimant).Err(); err != nil {
				return nil, err
			}
		}
		time.Sleep(wait)
	}
}

// execute calls the back end.
func (c *connector) execute(command Command, end time.Time) outcome {
	sms, known := command.Body["smart_routing.SendSms"].(map[string]any)
	if !known {
		return outcome{outcome: "error", reason: "unsupported_command"}
	}
	body, _ := json.Marshal(map[string]any{"id": command.CommandID, "from": sms["sender"], "to": sms["recipient"], "text": sms["text"]})
	ctx, cancel := context.WithDeadline(context.Background(), end)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.smsURL, bytes.NewReader(body))
	if err != nil {
		return outcome{outcome: "error", reason: "refused", detail: "The gateway's address cannot be used."}
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", command.CommandID)
	reply, err := c.http.Do(request)
	if err != nil {
		return outcome{outcome: "error", reason: "unreachable", retry: true, lost: true}
	}
	defer reply.Body.Close()
	switch {
	case reply.StatusCode < 300:
		return outcome{outcome: "ok", values: map[string]string{"segments": "1"}}
	case reply.StatusCode == http.StatusTooManyRequests || reply.StatusCode == http.StatusServiceUnavailable:
		return outcome{outcome: "error", reason: "unreachable", retry: true, after: retryAfter(reply.Header.Get("Retry-After"))}
	case reply.StatusCode >= 500: // it may have got the text all the same
		return outcome{outcome: "error", reason: "unreachable", retry: true, lost: true}
	default:
		return outcome{outcome: "error", reason: "refused"}
	}
}

// retryAfter reads how long the gateway asks us to wait: seconds or a date (RFC 9110, 10.2.3).
func retryAfter(asked string) time.Duration {
	if seconds, err := strconv.Atoi(asked); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(asked); err == nil {
		return time.Until(at)
	}
	return 0
}

// claim makes a command this connector's own; it takes over what a dead connector had begun.
func (c *connector) claim(commandID, claimant string) (kind, content string, err error) {
	dead := ""
	for range 2 {
		found, err := claimScript.Run(context.Background(), c.redis, []string{c.recordKey(commandID)}, recordExpiry.Milliseconds(), claimant, dead).StringSlice()
		if err != nil {
			return "", "", err
		}
		kind, content = found[0], found[1]
		if kind != "taken" {
			break
		}
		owner, _, _ := strings.Cut(content, "/")
		alive, err := c.redis.Exists(context.Background(), c.presenceKey(owner)).Result()
		if err != nil {
			return "", "", err
		}
		if alive > 0 {
			break
		}
		dead = content
	}
	return kind, content, nil
}

// answer records a response, before anybody gets it; what counts is what is recorded first.
func (c *connector) answer(command Command, claimant string, found outcome) ([]byte, error) {
	response := Response{
		CommandID: command.CommandID, Connector: family, Outcome: found.outcome, Values: found.values, AnsweredAt: time.Now().UnixMilli(),
	}
	if found.reason != "" {
		response.Reason = &found.reason
	}
	if found.detail != "" {
		response.Detail = &found.detail
	}
	if response.Values == nil {
		response.Values = map[string]string{}
	}
	value, err := c.response.encode(response)
	if err != nil {
		return nil, err
	}
	counts, err := answerScript.Run(context.Background(), c.redis, []string{c.recordKey(command.CommandID)}, recordExpiry.Milliseconds(), claimant, value).Text()
	if errors.Is(err, redis.Nil) {
		return nil, errTakenOver
	}
	return []byte(counts), err
}

// bury sends what is no command to the dead letters, byte for byte, so that its partition can go on.
func (c *connector) bury(record *kgo.Record, fault error) error {
	log.Printf("partition %d, offset %d: %v", record.Partition, record.Offset, fault)
	letter := DeadLetter{
		Topic: strings.TrimPrefix(record.Topic, c.prefix), Partition: record.Partition, Offset: record.Offset,
		Timestamp: record.Timestamp.UnixMilli(), Reason: "undecodable", Detail: fault.Error(), Engine: "connectors." + family,
	}
	if record.Key != nil {
		letter.Key = &record.Key
	}
	if record.Value != nil {
		letter.Value = &record.Value
	}
	for _, header := range record.Headers {
		letter.Headers = append(letter.Headers, Header{header.Key, header.Value})
	}
	value, err := c.deadLetter.encode(letter)
	if err != nil {
		return err
	}
	return c.kafka.ProduceSync(context.Background(), &kgo.Record{Topic: c.prefix + "dead-letters", Key: record.Key, Value: value}).FirstErr()
}

// encode writes a datum in Confluent's wire format: a zero byte, the schema's id in four bytes, the datum.
func (w writing) encode(datum any) ([]byte, error) {
	encoded, err := avro.Marshal(w.schema, datum)
	return append(binary.BigEndian.AppendUint32([]byte{0}, w.id), encoded...), err
}

// decode reads a command: a zero byte, the schema's id in four bytes, the datum.
func (c *connector) decode(value []byte) (command Command, err error) {
	if len(value) < 5 || value[0] != 0 {
		return command, errors.New("expected the Confluent wire format")
	}
	schema, known := c.written[int(binary.BigEndian.Uint32(value[1:5]))]
	if !known {
		return command, errors.New("expected a released schema of this family")
	}
	return command, avro.Unmarshal(schema, value[5:], &command)
}

// readSchemas reads the released schemas of this family and of what it writes, whose file names begin with their ids.
func (c *connector) readSchemas(folder string) error {
	c.written = map[int]avro.Schema{}
	files, err := filepath.Glob(filepath.Join(folder, "released", "*.avsc"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("expected schemas in %s/released, found none", folder)
	}
	for _, file := range files { // ascending: the newest is the one that is written
		number, name, _ := strings.Cut(strings.TrimSuffix(filepath.Base(file), ".avsc"), "_")
		if name != family+"_command" && name != "response" && name != "dead_letter" {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		schema, err := avro.ParseBytesWithCache(text, "", &avro.SchemaCache{})
		if err != nil {
			return err
		}
		id, err := strconv.Atoi(number)
		if err != nil {
			return err
		}
		switch name {
		case "response":
			c.response = writing{schema, uint32(id)}
		case "dead_letter":
			c.deadLetter = writing{schema, uint32(id)}
		default:
			c.written[id] = schema
		}
	}
	return nil
}

// beAlive says until leave is called that this connector lives: a key that expires soon after its last sign of life.
func (c *connector) beAlive() (leave func(), err error) {
	say := func() error { return c.redis.Set(context.Background(), c.presenceKey(c.name), "", presenceFor).Err() }
	if err := say(); err != nil {
		return nil, err
	}
	over, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-over:
				return
			case <-time.After(presenceFor / 4):
				if err := say(); err != nil {
					log.Printf("cannot say that this connector is alive: %v", err)
				}
			}
		}
	}()
	return func() {
		close(over)
		<-ended
		c.redis.Del(context.Background(), c.presenceKey(c.name)) // who comes next need not wait for the expiry
	}, nil
}

func (c *connector) recordKey(commandID string) string {
	return c.prefix + "commands." + family + ":" + commandID
}

func (c *connector) presenceKey(name string) string { return c.prefix + "commands.connector:" + name }

// trace keeps the W3C trace context, where it is valid; a connector that makes spans of its own would continue it instead.
func trace(headers []kgo.RecordHeader) (kept []kgo.RecordHeader) {
	valid := false
	for _, header := range headers {
		switch header.Key {
		case "traceparent":
			valid = traceparent.Match(header.Value)
			kept = append(kept, header)
		case "tracestate":
			kept = append(kept, header)
		}
	}
	if !valid {
		return nil
	}
	return kept
}

func setting(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}
