// io/task.cc: the list of waits of a context.

#include "io/task.h"

namespace weft::io {

void Context::cancel() {
    cancelled_ = true;
    // on_cancel resumes, which takes the waiter off the list and may put new ones on; those end
    // at once because cancelled_ is set. A waiter that lets go later has moved off the list's
    // front by then: it is unlinked first and linked nowhere.
    while (first_ != nullptr) {
        Waiter* waiter = first_;
        waiter->unlink();
        waiter->on_cancel();
    }
}

bool Waiter::suspend(Context* context, std::coroutine_handle<> handle) {
    if (context != nullptr) {
        if (context->cancelled_) {
            return false;
        }
        context_ = context;
        next_ = context->first_;
        previous_ = nullptr;
        if (next_ != nullptr) {
            next_->previous_ = this;
        }
        context->first_ = this;
    }
    handle_ = handle;
    return true;
}

void Waiter::unlink() {
    if (context_ == nullptr) {
        return;
    }
    (previous_ == nullptr ? context_->first_ : previous_->next_) = next_;
    if (next_ != nullptr) {
        next_->previous_ = previous_;
    }
    context_ = nullptr;
    previous_ = nullptr;
    next_ = nullptr;
}

void Waiter::resume() {
    unlink();
    std::exchange(handle_, nullptr).resume();
}

}  // namespace weft::io
