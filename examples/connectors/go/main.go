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
	recordExpiry  = 7 * 24 * time.Hour // how long a command id is known to be executed
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

// outcome of one try; retry says that another one may do, not before after has passed.
type outcome struct {
	outcome, reason, detail string
	values                  map[string]string
	retry                   bool
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
	response   avro.Schema
	responseID uint32
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
		kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)), // murmur2, as Kafka's own clients: a conversation's records are in one partition
	)
	if err != nil {
		return err
	}
	defer c.kafka.CloseAllowingRebalance()
	if err := c.beAlive(stop); err != nil {
		return err
	}
	defer c.redis.Del(context.Background(), c.presenceKey(c.name))
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
		// A connector of the framework sends it to dead-letters; this one shows where that would be.
		log.Printf("partition %d, offset %d: %v", record.Partition, record.Offset, err)
		return nil
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
	for pause := retryInitial; ; pause = min(2*pause, retryLongest) {
		claimant := fmt.Sprintf("%s/%d", c.name, c.tries.Add(1))
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
		wait := max(pause, found.after)
		if !found.retry || time.Now().Add(wait).After(end) {
			return c.answer(command, claimant, found)
		}
		if err := releaseScript.Run(context.Background(), c.redis, []string{c.recordKey(command.CommandID)}, claimant).Err(); err != nil {
			return nil, err
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
		return outcome{outcome: "error", reason: "unreachable", retry: true}
	}
	defer reply.Body.Close()
	switch {
	case reply.StatusCode < 300:
		return outcome{outcome: "ok", values: map[string]string{"segments": "1"}}
	case reply.StatusCode == http.StatusTooManyRequests || reply.StatusCode == http.StatusServiceUnavailable:
		seconds, _ := strconv.Atoi(reply.Header.Get("Retry-After"))
		return outcome{outcome: "error", reason: "unreachable", retry: true, after: time.Duration(seconds) * time.Second}
	default:
		return outcome{outcome: "error", reason: "refused"}
	}
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
	datum, err := avro.Marshal(c.response, response)
	if err != nil {
		return nil, err
	}
	value := append(binary.BigEndian.AppendUint32([]byte{0}, c.responseID), datum...) // Confluent's wire format
	counts, err := answerScript.Run(context.Background(), c.redis, []string{c.recordKey(command.CommandID)}, recordExpiry.Milliseconds(), claimant, value).Text()
	if errors.Is(err, redis.Nil) {
		return nil, errTakenOver
	}
	return []byte(counts), err
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

// readSchemas reads the released schemas of this family and of responses, whose file names begin with their ids.
func (c *connector) readSchemas(folder string) error {
	c.written = map[int]avro.Schema{}
	files, err := filepath.Glob(filepath.Join(folder, "released", "*.avsc"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("expected schemas in %s/released, found none", folder)
	}
	for _, file := range files { // ascending: the newest response is the one that is written
		number, name, _ := strings.Cut(strings.TrimSuffix(filepath.Base(file), ".avsc"), "_")
		if name != family+"_command" && name != "response" {
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
		if name == "response" {
			c.response, c.responseID = schema, uint32(id)
		} else {
			c.written[id] = schema
		}
	}
	return nil
}

// beAlive says until the end that this connector lives: a key that expires soon after its last sign of life.
func (c *connector) beAlive(stop context.Context) error {
	say := func() error { return c.redis.Set(context.Background(), c.presenceKey(c.name), "", presenceFor).Err() }
	if err := say(); err != nil {
		return err
	}
	go func() {
		for stop.Err() == nil {
			time.Sleep(presenceFor / 4)
			if err := say(); err != nil {
				log.Printf("cannot say that this connector is alive: %v", err)
			}
		}
	}()
	return nil
}

func (c *connector) recordKey(commandID string) string {
	return c.prefix + "commands." + family + ":" + commandID
}

func (c *connector) presenceKey(name string) string { return c.prefix + "commands.connector:" + name }

// trace keeps the W3C trace context; a connector that makes spans of its own would continue it instead.
func trace(headers []kgo.RecordHeader) (kept []kgo.RecordHeader) {
	for _, header := range headers {
		if header.Key == "traceparent" || header.Key == "tracestate" {
			kept = append(kept, header)
		}
	}
	return kept
}

func setting(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}
