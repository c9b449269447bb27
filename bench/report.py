"""Prints one line a figure: what, weft's value, the peer's from the same run, their ratio, what is wanted, how it was got."""


def per_second(result):
    return result["count"] / result["seconds"]


def per_cpu(result):
    return result["count"] / max(result["cpu"], 0.001)


class Report:
    def __init__(self, topic, peer_name):
        self.peer_name = peer_name
        print(f"\n{topic}: weft beside {peer_name}, in the same run" if peer_name else f"\n{topic}: weft alone (./dev peers builds the peers)", flush=True)

    def line(self, name, weft, peer=None, ratio=None, *, want=None, how):
        parts = [f"{name:<54} {weft:<38}"]
        if self.peer_name:
            parts.append(f"| {peer or '-':<34} | {f'{ratio:.1f}x' if ratio else '-':>8}")
        if want:
            parts.append(f"(want {want})")
        print(" ".join(parts) + f"  # {how}", flush=True)

    def rate(self, name, weft, peer, want, how):
        """Operations a second; the ratio is of those a CPU second of the server, since the load shares the cores."""
        text = [result and f"{per_second(result):,.0f}/s, {per_cpu(result):,.0f} a CPU second" for result in (weft, peer)]
        self.line(name, *text, peer and per_cpu(weft) / per_cpu(peer), want=want, how=how)
