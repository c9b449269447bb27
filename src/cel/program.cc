// cel/program.cc: running a program, and what its results become outside.

#include "cel/program.h"

#include <cstddef>

#include "cel/internal/ast_rep.h"
#include "cel/internal/frame.h"
#include "cel/internal/go_text.h"
#include "cel/internal/issues.h"
#include "cel/internal/regex.h"
#include "cel/internal/zones.h"

namespace weft::cel {

[[clang::preserve_most]] bool VariableName::is_same_middle(const VariableName& other) const {
    return text == other.text;
}

Activation& Activation::put(std::string_view name, const Value& value, bool is_typed) {
    const VariableName key(name);
    for (Binding& binding : bindings_) {
        if (binding.name == key) {
            binding.value = value;
            binding.is_typed = is_typed;
            return *this;
        }
    }
    bindings_.push_back({key, value, is_typed});
    return *this;
}

Activation& Activation::bind(std::string_view name, const weft::Value& input) {
    return put(name, Value::borrow(input), true);
}
Activation& Activation::bind_raw(std::string_view name, const weft::Value& input) {
    return put(name, Value::borrow(input), false);
}
Activation& Activation::bind(std::string_view name, const Value& value) {
    return put(name, value, false);
}

Value Frame::error(uint32_t id, ErrorCode code, std::string_view message) {
    return Value::error(
        arena->make<ErrorRecord>(ErrorRecord{.code = code, .expression = id, .message = message}));
}

Value Frame::error(uint32_t id, ErrorCode code, std::string_view message, const Value& subject) {
    return Value::error(arena->make<ErrorRecord>(ErrorRecord{.code = code,
                                                             .expression = id,
                                                             .message = message,
                                                             .has_subject = true,
                                                             .subject = subject}));
}

Value Frame::stop(ErrorCode code, std::string_view message) {
    if (stopped == nullptr) {
        stopped = arena->make<ErrorRecord>(ErrorRecord{.code = code, .message = message});
    }
    return Value::error(stopped);
}

Value Frame::stop_error() {
    if (stopped == nullptr) {
        (void)check();
    }
    if (stopped == nullptr) {
        (void)stop(ErrorCode::interrupted, "operation interrupted");
    }
    return Value::error(stopped);
}

bool Frame::check() {
    turns += interrupt_check_frequency;
    if (track && over_limit()) {
        (void)stop(ErrorCode::cost_limit, "operation cancelled: actual cost limit exceeded");
    } else if (interrupt != nullptr && interrupt->load(std::memory_order_relaxed)) {
        (void)stop(ErrorCode::interrupted, "operation interrupted");
    } else if (turns > turns_max) {
        (void)stop(ErrorCode::interrupted, arena->copy(cat("operation interrupted: more than ",
                                                           turns_max, " turns of loops")));
    } else if (arena->is_over_limit()) {
        (void)stop(ErrorCode::memory_limit, "memory limit exceeded");
    }
    return stopped != nullptr;
}

const re2::RE2* Call::regex(std::string_view pattern, Value& failure) {
    for (const auto& known : frame_->program->patterns) {
        if (known->pattern() == pattern) {
            const ProgramRegex::Compiled& compiled = known->get();
            if (compiled.regex == nullptr) {
                failure = error(ErrorCode::invalid_argument, compiled.failure);
            }
            return compiled.regex.get();
        }
    }
    if (frame_->regexes == nullptr) {
        frame_->regexes = arena_->make<CompiledRegexes>();
    }
    std::vector<CompiledRegexes::Entry>& entries = frame_->regexes->entries;
    for (const CompiledRegexes::Entry& entry : entries) {
        if (entry.pattern == pattern) {
            return entry.regex.get();
        }
    }
    std::string message;
    std::unique_ptr<re2::RE2> regex = compile_regex(pattern, message);
    if (regex == nullptr) {
        failure = error(ErrorCode::invalid_argument, message);
        return nullptr;
    }
    if (entries.size() == dynamic_regexes_max) {
        entries.erase(entries.begin());
    }
    entries.push_back({std::string(pattern), std::move(regex)});
    return entries.back().regex.get();
}

std::optional<int> Call::zone_offset(std::string_view zone, Time at, Value& failure) {
    static const ZoneLoader no_loader;
    const ZoneLoader& loader =
        frame_->program->environment == nullptr ? no_loader : frame_->program->environment->zones;
    const std::optional<int> offset = cel::zone_offset(zone, at, loader);
    if (!offset) {
        failure = error(ErrorCode::invalid_argument, "unknown time zone ", zone);
    }
    return offset;
}

bool Call::should_stop() {
    return frame_->should_stop();
}

Value Call::interruption() {
    return frame_->stop_error();
}

namespace {

// Most programs use one or two variables and locals.
constexpr size_t few_slots = 16;

// The values of the variables that are where they were the last time and need no schema; the others
// are looked up when they are read.
void bind_slots(std::span<const Slot> slots, const Activation& activation, Value* variables) {
    for (const Slot& slot : slots) {
        const Activation::Binding* binding = slot.guess(activation);
        const bool is_plain = binding != nullptr && !(binding->is_typed && slot.schema != nullptr);
        *variables++ = is_plain ? binding->value : unread();
    }
}

[[gnu::always_inline]] inline Outcome run_with(const Program::Rep& rep,
                                               const Activation& activation, Arena& arena,
                                               const EvaluateOptions& options, Value* variables,
                                               Value* locals) {
    bind_slots(rep.all_slots, activation, variables);
    Frame frame{.arena = &arena,
                .activation = &activation,
                .program = &rep,
                .variables = variables,
                .locals = locals,
                .track = rep.track,
                .cost_limit = options.cost_limit,
                .interrupt = options.interrupt,
                .turns_max = options.turns_max};
    Value value = run(rep.root, frame);
    if (rep.track && frame.over_limit() && frame.stopped == nullptr) [[unlikely]] {
        value =
            frame.stop(ErrorCode::cost_limit, "operation cancelled: actual cost limit exceeded");
    }
    if (frame.stopped != nullptr) [[unlikely]] {
        value = Value::error(frame.stopped);
    }
    return {value, frame.cost};
}

// A program of more variables or locals than lie on the stack.
[[gnu::noinline]] Outcome run_large(const Program::Rep& rep, const Activation& activation,
                                    Arena& arena, const EvaluateOptions& options) {
    return run_with(rep, activation, arena, options, arena.array<Value>(rep.all_slots.size()),
                    arena.array<Value>(rep.local_count));
}

[[gnu::always_inline]] inline Outcome run_program(const Program::Rep& rep,
                                                  const Activation& activation, Arena& arena,
                                                  const EvaluateOptions& options) {
    if (rep.all_slots.size() > few_slots || rep.local_count > few_slots) [[unlikely]] {
        return run_large(rep, activation, arena, options);
    }
    // Not initialised: what is not used costs nothing.
    alignas(Value) std::byte variables[few_slots * sizeof(Value)];
    alignas(Value) std::byte locals[few_slots * sizeof(Value)];
    return run_with(rep, activation, arena, options, reinterpret_cast<Value*>(variables),
                    reinterpret_cast<Value*>(locals));
}

}  // namespace

Outcome Program::evaluate(const Activation& activation, Arena& arena,
                          const EvaluateOptions& options) const {
    return run_program(*rep_, activation, arena, options);
}

Value Program::evaluate(const Activation& activation, Arena& arena) const {
    return run_program(*rep_, activation, arena, {}).value;
}

Result<weft::Value> Program::evaluate_native(const Activation& activation) const {
    Arena arena;
    return to_native(evaluate(activation, arena));
}

const Ast& Program::ast() const {
    return *rep_->ast;
}

Result<Program> Environment::program(const Ast& ast, const ProgramOptions& options) const {
    return Program(TRY(plan_program(ast, rep_, options)));
}

Result<weft::Value> to_native(const Value& value) {
    switch (value.kind()) {
        case Kind::error:
            return make_error(Reason::bad_request, error_text(value.as_error()));
        case Kind::null:
            return weft::Value();
        case Kind::boolean:
            return weft::Value(value.as_bool());
        case Kind::integer:
            return weft::Value(value.as_int());
        case Kind::unsigned_integer:
            if (value.as_uint() > INT64_MAX) {
                return make_error(Reason::bad_request, "uint value ", value.as_uint(),
                                  " overflows int64");
            }
            return weft::Value(static_cast<int64_t>(value.as_uint()));
        case Kind::number:
            return weft::Value(value.as_double());
        case Kind::string:
            return weft::Value(value.as_string());
        case Kind::bytes:
            return make_error(Reason::bad_request,
                              "bytes cannot be used as a value: use base64.encode(...) to make "
                              "them a string");
        case Kind::duration:
            return weft::Value(format_duration(value.as_duration()));
        case Kind::timestamp:
            return weft::Value(format_rfc3339(value.as_time()));
        case Kind::list: {
            if (const weft::Value* input = value.borrowed()) {
                return *input;
            }
            Arena none;
            std::vector<weft::Value> items;
            items.reserve(value.size());
            for (const Value& item : value.items(none)) {
                items.push_back(TRY(to_native(item)));
            }
            return weft::Value::list(std::move(items));
        }
        case Kind::map: {
            if (const weft::Value* input = value.borrowed()) {
                return *input;
            }
            const MapNode& map = value.map_node();
            weft::Value out = weft::Value::map_with_capacity(map.size);
            for (uint32_t i = 0; i < map.size; ++i) {
                if (!map.key(i).is_string()) {
                    return make_error(Reason::bad_request, "map key must be a string, got ",
                                      type_name_of(map.key(i)));
                }
                out.set(map.key(i).as_string(), TRY(to_native(map.value(i))));
            }
            return out;
        }
        case Kind::optional:
            return value.has_value() ? to_native(value.optional_value())
                                     : Result<weft::Value>(weft::Value());
        case Kind::type:
            break;
        case Kind::opaque:
            if (std::optional<weft::Value> native = value.as_opaque()->to_native()) {
                return *std::move(native);
            }
            break;
    }
    return make_error(Reason::bad_request, "unsupported type: ", type_name_of(value));
}

namespace {

// The path that a node shows; false if it is not a path.
bool shown_path(const Expr& expr, std::string& out) {
    switch (expr.kind) {
        case ExprKind::identifier:
            out.assign(expr.name);
            return true;
        case ExprKind::select:
            if (!shown_path(*expr.operand, out)) {
                return false;
            }
            append(out, ".", expr.name);
            return true;
        case ExprKind::call:
            if ((expr.name == operators::index || expr.name == operators::optional_select) &&
                expr.args[1]->kind == ExprKind::literal && shown_path(*expr.args[0], out)) {
                const Value& key = expr.args[1]->literal;
                if (key.is_string()) {
                    append(out, ".", key.as_string());
                } else {
                    append(out, "[", to_text(key), "]");
                }
                return true;
            }
            return false;
        default:
            return false;
    }
}

const Expr* find_expression(const Expr& expr, uint32_t id) {
    if (expr.id == id) {
        return &expr;
    }
    const Expr* found = nullptr;
    const auto look = [&](const Expr* part) {
        if (found == nullptr && part != nullptr) {
            found = find_expression(*part, id);
        }
    };
    look(expr.operand);
    for (const Expr* argument : expr.args) {
        look(argument);
    }
    for (const Entry& entry : expr.entries) {
        look(entry.key);
        look(entry.value);
    }
    if (expr.comprehension != nullptr) {
        const Comprehension& loop = *expr.comprehension;
        for (const Expr* part :
             {loop.range, loop.initial, loop.condition, loop.step, loop.result}) {
            look(part);
        }
    }
    return found;
}

}  // namespace

std::string located_text(const Program& program, const Value& error) {
    const ErrorRecord& record = error.as_error();
    if (record.expression == 0) {
        return error_text(record);
    }
    Issues issues;
    issues.add(program.ast().offset_of(record.expression), error_text(record));
    return std::string(issues.to_error(program.ast().source()).message());
}

std::string failing_path(const Program& program, const Value& error) {
    std::string out;
    if (!error.is_error() || error.as_error().expression == 0) {
        return out;
    }
    const Expr* expr = find_expression(program.ast().root(), error.as_error().expression);
    if (expr == nullptr || !shown_path(*expr, out)) {
        return {};
    }
    return out;
}

}  // namespace weft::cel
