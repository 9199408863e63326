import pytest

from fast_depth_style.errors import RequestError
from fast_depth_style.training import hardware


@pytest.mark.parametrize(
    "flags, fast",
    [
        ("fpu avx512_bf16 sse", True),
        ("fpu amx_bf16", True),
        ("fpu avx512f avx2", False),
        (None, False),
    ],
)
def test_bfloat16_is_fast_where_the_processor_has_it(tmp_path, flags, fast):
    if hardware.has_accelerator():
        pytest.skip("an accelerator decides, not the processor")
    path = tmp_path / "cpuinfo"
    if flags is not None:
        path.write_text(f"model name : Some\nflags : {flags}\n")

    assert hardware.bfloat16_is_fast(path) == fast


def test_tensorflow_compiles_on_accelerators_only():
    assert hardware.compiles_well() == hardware.has_accelerator()


def test_mirrored_has_a_replica_for_each_device():
    import tensorflow as tf

    kind = "GPU" if hardware.has_accelerator() else "CPU"
    count = len(tf.config.list_logical_devices(kind))

    with hardware.scope("mirrored", 4 * count):
        strategy = tf.distribute.get_strategy()

    assert isinstance(strategy, tf.distribute.MirroredStrategy)
    assert strategy.num_replicas_in_sync == count


def test_an_unknown_strategy_is_refused():
    with pytest.raises(RequestError, match="none or mirrored"):
        hardware.scope("parameter_server", 4)
