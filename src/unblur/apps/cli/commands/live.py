"""`unblur live`: a camera, a stream or a file in real time, restored as it comes."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unblur.apps.cli import options
from unblur.apps.cli.commands.benchmark import parse_size
from unblur.apps.cli.live_lines import LiveLines
from unblur.apps.cli.output import SUCCESS, UseError, use_errors

if TYPE_CHECKING:
    from unblur.media.live_frames import LiveFacts
    from unblur.media.live_names import LiveSinkName, LiveSourceName
    from unblur.restoration.live_network import LiveNetwork
    from unblur.restoration.live_rate import RateKeeper

Source = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE",
        help="camera, camera:1, a URL (rtsp, srt, udp, http...), a file, - or pattern.",
    ),
]
To = Annotated[
    str,
    typer.Option(
        "--to", metavar="SINK", help="window, none, camera (virtual), a URL, a file or -."
    ),
]
Rate = Annotated[
    int | None,
    typer.Option(
        min=1, max=240, help="Frames a second: asked of a camera, and held; else all that come."
    ),
]
Size = Annotated[
    str | None, typer.Option(metavar="WxH", help="The size that a camera is asked for.")
]
Adapt = Annotated[
    bool, typer.Option("--adapt/--no-adapt", help="Do less for a frame where time is short.")
]
Reconnect = Annotated[
    bool, typer.Option("--reconnect/--no-reconnect", help="Open a lost source or sink again.")
]
Attempts = Annotated[
    int | None, typer.Option(min=1, help="How often in a row that is tried; else without end.")
]
Sound = Annotated[bool, typer.Option("--sound/--no-sound", help="Pass the sound on.")]
LimitS = Annotated[float | None, typer.Option(min=0.1, help="Stop after so many seconds.")]
BitRate = Annotated[
    int | None,
    typer.Option("--bit-rate-kbps", min=50, help="Of the picture sent; else as its quality needs."),
]
SourceOption = Annotated[
    list[str] | None,
    typer.Option(metavar="KEY=VALUE", help="An option of FFmpeg for the source; repeat."),
]
SinkOption = Annotated[
    list[str] | None,
    typer.Option(metavar="KEY=VALUE", help="An option of FFmpeg for the sink; repeat."),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")]


def live(  # noqa: PLR0913 - typer makes one option of each parameter
    source: Source,
    *,
    to: To = "window",
    model: options.Model = "live",
    device: options.Device = "auto",
    runtime: options.Runtime = "auto",
    precision: options.Precision = "auto",
    rate: Rate = None,
    size: Size = None,
    adapt: Adapt = True,
    skip_sharp: options.SkipSharp = False,
    reconnect: Reconnect = True,
    attempts: Attempts = None,
    sound: Sound = True,
    limit_s: LimitS = None,
    bit_rate_kbps: BitRate = None,
    source_option: SourceOption = None,
    sink_option: SinkOption = None,
    overwrite: Overwrite = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> int:
    """Take the motion blur out of a live picture: camera, stream, pipe or file.

    Ctrl-C ends it, and what is written until then is kept.
    """
    from unblur.media.live_names import parse_sink, parse_source
    from unblur.media.live_source import open_live
    from unblur.media.reconnecting import Reconnecting
    from unblur.media.returning_sink import open_lasting_sink
    from unblur.restoration.live import LiveSession

    with use_errors():
        source_name = parse_source(
            source,
            size=None if size is None else parse_size(size),
            rate=rate,
            options=_parse_options(source_option),
        )
        sink_name = parse_sink(to, options=_parse_options(sink_option))
    _check_sink(sink_name, source_name, overwrite=overwrite, is_json=json)
    lines = LiveLines(is_json=json, is_quiet=quiet)
    reconnecting = Reconnecting(reconnect, attempts)
    opened = open_live(
        source_name,
        reconnecting=reconnecting,
        tell=lines.tell,
        wants_sound=sound,
    )
    keeper = _make_keeper(rate, is_adapting=adapt, skips_sharp=skip_sharp)
    network = _open_network(opened.facts, keeper, model, device, runtime, precision)
    sink = open_lasting_sink(
        sink_name,
        opened.facts,
        title=f"unblur {source_name.text}",
        reconnecting=reconnecting,
        tell=lines.tell,
        bit_rate_kbps=bit_rate_kbps,
    )
    lines.tell(_describe(source_name.text, sink_name.text, opened.facts, network))
    session = LiveSession(opened, network, sink, keeper, lines.tell)
    lines.report(session.run(lines.report, limit_s=limit_s))
    return SUCCESS


def _open_network(
    facts: LiveFacts, keeper: RateKeeper, model: str, device: str, runtime: str, precision: str
) -> LiveNetwork:
    """The network for frames of that size, in int8 where there is one and nothing else is asked."""
    from unblur.restoration.live_network import LiveNetwork
    from unblur.restoration.restorer import Restorer
    from unblur.weights.store import find_model

    with use_errors():
        has_int8 = "onnx_int8" in find_model(model).files
    if precision == "auto" and has_int8 and runtime != "torch":
        precision = "int8"

    def open_restorer(name: str = model) -> Restorer:
        return Restorer(name, device=device, runtime=runtime, precision=precision)  # pyright: ignore[reportArgumentType]

    return LiveNetwork(
        open_restorer,
        facts.height,
        facts.width,
        keeper.efforts,
        open_reduced=partial(open_restorer, "live_fast") if model == "live" else None,
    )


def _make_keeper(rate: int | None, *, is_adapting: bool, skips_sharp: bool) -> RateKeeper:
    from unblur.restoration.live_rate import EFFORTS, Effort, RateKeeper

    if not is_adapting:
        return RateKeeper(rate, (Effort(skips_sharp=skips_sharp),))
    efforts = [each for each in EFFORTS if each.skips_sharp or not skips_sharp]
    return RateKeeper(rate, efforts)


def _check_sink(
    name: LiveSinkName, source: LiveSourceName, *, overwrite: bool, is_json: bool
) -> None:
    """Raise UseError for a sink that cannot be used with the source or the other options."""
    from unblur.restoration.inputs import identity_of

    if name.kind == source.kind == "file" and identity_of(name.url) == identity_of(source.url):
        raise UseError(f"{name.url} would replace the source; choose another name")
    if name.kind == "file" and not overwrite and Path(name.url).exists():
        raise UseError(f"{name.url} is there already; add --overwrite, or choose another name")
    if name.kind == "pipe" and is_json:
        raise UseError("--json prints on stdout, where --to - writes the video; choose one of them")


def _parse_options(words: list[str] | None) -> dict[str, str]:
    """FFmpeg's options out of KEY=VALUE; raises UseError."""
    parsed: dict[str, str] = {}
    for word in words or ():
        key, equals, value = word.partition("=")
        if not (key and equals):
            raise UseError(f"{word!r} is not KEY=VALUE, such as rtsp_transport=udp")
        parsed[key] = value
    return parsed


def _describe(source: str, to: str, facts: LiveFacts, network: LiveNetwork) -> str:
    """What begins now, on one line."""
    sound = "" if facts.sound is None else ", with sound"
    return (
        f"{source} -> {to}  {facts.width}x{facts.height}, {float(facts.rate):g} frames/s{sound}, "
        f"{network.description}; Ctrl-C ends it"
    )
