// bench/peers/cel-go/main.go: cel-go, in kro's environment, as bench/cel.py asks for it.
//
// A line of JSON in, a line of JSON out: {"expression", "variables", "inputs"} loads a case and answers
// with its result in the tagged form of `tagged`; {"measure": "evaluate" or "prepare", "rounds": n}
// measures the loaded case.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	krocel "github.com/kubernetes-sigs/kro/pkg/cel"
)

type request struct {
	Expression string                     `json:"expression"`
	Variables  map[string]string          `json:"variables"`
	Inputs     map[string]json.RawMessage `json:"inputs"`
	Measure    string                     `json:"measure"`
	Rounds     int                        `json:"rounds"`
}

type loaded struct {
	env        *cel.Env
	expression string
	program    cel.Program
	activation map[string]any
}

var environments = map[string]*cel.Env{}

// Like kro, which extends its environment once for each graph: making it is not measured.
func environmentOf(variables map[string]string) (*cel.Env, error) {
	names := make([]string, 0, len(variables))
	for name := range variables {
		names = append(names, name)
	}
	sort.Strings(names)
	key := ""
	options := []cel.EnvOption{}
	for _, name := range names {
		key += name + ":" + variables[name] + ";"
		kind := cel.DynType
		switch variables[name] {
		case "int":
			kind = cel.IntType
		case "string":
			kind = cel.StringType
		}
		options = append(options, cel.Variable(name, kind))
	}
	if env, ok := environments[key]; ok {
		return env, nil
	}
	env, err := krocel.DefaultEnvironment(krocel.WithCustomDeclarations(options))
	if err == nil {
		environments[key] = env
	}
	return env, err
}

// JSON as the API machinery reads it: whole numbers are int64.
func native(raw json.RawMessage) any {
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		panic(err)
	}
	return convert(value)
}

func convert(value any) any {
	switch v := value.(type) {
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		f, _ := v.Float64()
		return f
	case []any:
		for i := range v {
			v[i] = convert(v[i])
		}
		return v
	case map[string]any:
		for key := range v {
			v[key] = convert(v[key])
		}
		return v
	}
	return value
}

// A value so that both engines' forms are equal where the values are: kinds are told apart, doubles
// compare by their bits.
func tagged(value ref.Val) any {
	switch v := value.(type) {
	case types.Null:
		return nil
	case types.Bool:
		return bool(v)
	case types.String:
		return string(v)
	case types.Int:
		return map[string]any{"int": strconv.FormatInt(int64(v), 10)}
	case types.Uint:
		return map[string]any{"uint": strconv.FormatUint(uint64(v), 10)}
	case types.Double:
		if math.IsNaN(float64(v)) {
			return map[string]any{"double": "nan"}
		}
		return map[string]any{"double": strconv.FormatUint(math.Float64bits(float64(v)), 16)}
	case types.Bytes:
		return map[string]any{"bytes": base64.StdEncoding.EncodeToString(v)}
	case types.Duration:
		return map[string]any{"duration": strconv.FormatInt(v.Nanoseconds(), 10)}
	case types.Timestamp:
		return map[string]any{"timestamp": v.UTC().Format(time.RFC3339Nano)}
	case *types.Type:
		return map[string]any{"type": v.TypeName()}
	case *types.Optional:
		if !v.HasValue() {
			return map[string]any{"none": true}
		}
		return map[string]any{"some": tagged(v.GetValue())}
	case traits.Mapper:
		entries := [][2]any{}
		for it := v.Iterator(); it.HasNext() == types.True; {
			key := it.Next()
			entries = append(entries, [2]any{tagged(key), tagged(v.Get(key))})
		}
		sort.Slice(entries, func(a, b int) bool { return text(entries[a][0]) < text(entries[b][0]) })
		return map[string]any{"map": entries}
	case traits.Lister:
		out := []any{}
		for it := v.Iterator(); it.HasNext() == types.True; {
			out = append(out, tagged(it.Next()))
		}
		return out
	case *types.Err:
		return map[string]any{"error": v.Error()}
	}
	return map[string]any{"object": value.Type().TypeName()}
}

func text(value any) string {
	out, _ := json.Marshal(value)
	return string(out)
}

func (c *loaded) prepare() (cel.Program, string, error) {
	ast, issues := c.env.Compile(c.expression)
	if issues != nil && issues.Err() != nil {
		return nil, "compile", issues.Err()
	}
	program, err := c.env.Program(ast)
	return program, "program", err
}

func load(r request) (*loaded, any) {
	env, err := environmentOf(r.Variables)
	if err != nil {
		return nil, map[string]any{"environment": err.Error()}
	}
	c := &loaded{env: env, expression: r.Expression, activation: map[string]any{}}
	for name, raw := range r.Inputs {
		c.activation[name] = native(raw)
	}
	program, stage, err := c.prepare()
	if err != nil {
		return c, map[string]any{stage: err.Error()}
	}
	c.program = program
	value, _, err := program.Eval(c.activation)
	if err != nil {
		return c, map[string]any{"error": err.Error()}
	}
	return c, tagged(value)
}

// The least time of one call in `rounds` batches of about a tenth of a millisecond: short, so that some
// are never interrupted, neither by other processes nor by Go's collector.
func measure(rounds int, call func()) (float64, float64) {
	const batch = 100 * time.Microsecond
	count := 1
	for {
		begin := time.Now()
		for i := 0; i < count; i++ {
			call()
		}
		took := time.Since(begin)
		if took >= batch || count >= 1<<20 {
			break
		}
		count = max(count*2, min(count*100, int(float64(count)*float64(batch)/float64(took+1))))
	}
	best := math.MaxFloat64
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := 0; i < rounds; i++ {
		begin := time.Now()
		for j := 0; j < count; j++ {
			call()
		}
		best = min(best, float64(time.Since(begin).Nanoseconds())/float64(count))
	}
	runtime.ReadMemStats(&after)
	return best, float64(after.Mallocs-before.Mallocs) / float64(rounds*count)
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 16<<20)
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	var current *loaded
	for in.Scan() {
		var r request
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if r.Measure == "" {
			var result any
			current, result = load(r)
			if err := out.Encode(map[string]any{"result": result}); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			continue
		}
		call := func() { _, _, _ = current.program.Eval(current.activation) }
		if r.Measure == "prepare" {
			call = func() { _, _, _ = current.prepare() }
		}
		ns, allocations := measure(r.Rounds, call)
		_ = out.Encode(map[string]any{"ns": ns, "allocations": allocations})
	}
}
