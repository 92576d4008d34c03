"""Plugins that offer fixtures, backends and services do so on workers as in plain pytest."""

from __future__ import annotations

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.downstream.neighbours import WAIT_FOR_ALL, Bench


def test_anyio_runs_each_test_on_each_backend(alone: Bench, pytester: pytest.Pytester) -> None:
    pytest.importorskip("anyio")
    pytest.importorskip("sniffio")
    # trio is not among the requirements of these tests: beside hypothesis, its import warns
    backends = ["asyncio", "trio"] if find_spec("trio") else ["asyncio"]
    alone.use("anyio")
    for name in "ab":
        pytester.makepyfile(
            **{
                f"test_{name}": f"""
                    import anyio
                    import pytest
                    import sniffio

                    pytestmark = pytest.mark.anyio

                    @pytest.fixture(scope="module", params={backends})
                    def anyio_backend(request):
                        return request.param

                    @pytest.fixture(scope="module")
                    async def events(anyio_backend):
                        yield []
                        await anyio.sleep(0)

                    @pytest.mark.parametrize("number", [1, 2, 3])
                    async def test_backend(anyio_backend_name, number, events, record_property):
                        assert sniffio.current_async_library() == anyio_backend_name
                        await anyio.sleep(0)
                        events.append(number)
                        assert number != 3

                    def test_ordinary():
                        pass
                """
            }
        )
    for run in alone.same():
        run.result.assert_outcomes(passed=2 + 4 * len(backends), failed=2 * len(backends))


def test_mock_undoes_its_patches_after_each_test(alone: Bench, pytester: pytest.Pytester) -> None:
    pytest.importorskip("pytest_mock")
    alone.use("pytest_mock")
    pytester.makepyfile(
        test_a="""
            import os
            import pytest

            @pytest.mark.parametrize("number", range(3))
            def test_patched(mocker, number):
                patched = mocker.patch("os.getcwd", return_value=number)
                assert os.getcwd() == number
                patched.assert_called_once_with()

            def test_undone():
                assert isinstance(os.getcwd(), str)

            def test_compared(mocker):
                stub = mocker.stub()
                stub("this")
                stub.assert_called_with("that")

            @pytest.fixture(scope="module")
            def patched(module_mocker):
                return module_mocker.patch("os.getpid", return_value=-1)

            def test_of_module(patched):
                assert os.getpid() == -1
        """
    )
    for run in alone.same():
        run.result.assert_outcomes(passed=5, failed=1)
        assert "pytest introspection follows" in run.output


def test_httpx_answers_and_tells_what_was_not_asked_for(
    alone: Bench, pytester: pytest.Pytester
) -> None:
    pytest.importorskip("pytest_httpx")
    alone.use("pytest_httpx")
    pytester.makepyfile(
        test_a="""
            import httpx
            import pytest

            @pytest.mark.parametrize("number", range(3))
            def test_answered(httpx_mock, number):
                httpx_mock.add_response(json={"number": number})
                assert httpx.get("https://example.org").json() == {"number": number}

            def test_not_asked_for(httpx_mock):
                httpx_mock.add_response(url="https://example.org/forgotten")
        """
    )
    for run in alone.same():
        run.result.assert_outcomes(passed=4, errors=1)
        assert "https://example.org/forgotten" in run.output


class TestSyrupy:
    """syrupy compares, writes, removes and counts snapshots of all workers together."""

    @pytest.fixture(autouse=True)
    def suite(self, either: Bench, pytester: pytest.Pytester) -> None:
        """Write tests with snapshots."""
        pytest.importorskip("syrupy")
        either.use("syrupy")
        pytester.makeconftest(WAIT_FOR_ALL)
        for name in "abc":
            pytester.makepyfile(
                **{
                    f"test_{name}": f"""
                        import pytest

                        @pytest.mark.parametrize("number", range(4))
                        def test_{name}(snapshot, number):
                            assert {{"number": number}} == snapshot

                        def test_more_{name}(snapshot):
                            assert "first" == snapshot
                            assert "second" == snapshot(name="second")
                    """
                }
            )

    def snapshots(self, pytester: pytest.Pytester) -> dict[str, str]:
        """Return what is in the files of snapshots."""
        return {
            path.name: path.read_text(encoding="utf-8")
            for path in sorted((pytester.path / "__snapshots__").iterdir())
        }

    def told(self, output: str) -> list[str]:
        """Return what the plugin printed at the end."""
        found = output.partition("snapshot report summary")[2].splitlines()[1:]
        return [line for line in found if line and "=" not in line and "orchestrate" not in line]

    def test_writes_what_a_plain_run_writes(self, either: Bench, pytester: pytest.Pytester) -> None:
        plain = either.plain("--snapshot-update")
        expected = self.snapshots(pytester)
        shutil.rmtree(pytester.path / "__snapshots__")
        distributed = either.distributed("--snapshot-update")
        assert self.snapshots(pytester) == expected
        assert "18 snapshots generated" in plain.output
        assert "18 snapshots generated" in distributed.output, distributed.output

    def test_tells_of_failed_and_unused_and_removes_these(
        self, either: Bench, pytester: pytest.Pytester
    ) -> None:
        either.plain("--snapshot-update")
        path = pytester.path / "test_b.py"
        text = path.read_text(encoding="utf-8")
        text = text.replace("range(4)", "range(3)").replace('"second" ==', '"changed" ==')
        path.write_text(text, encoding="utf-8")
        plain, distributed = either.same()
        assert self.told(distributed.output)[:3] == self.told(plain.output)[:3]
        assert "1 snapshot failed" in distributed.output
        assert "1 snapshot unused" in distributed.output
        either.distributed("--snapshot-update")
        written = self.snapshots(pytester)
        assert "test_b[3]" not in written["test_b.ambr"]
        assert "changed" in written["test_b.ambr"]


def test_xprocess_runs_one_service_that_workers_share(
    alone: Bench, pytester: pytest.Pytester
) -> None:
    pytest.importorskip("xprocess")
    alone.use("xprocess")
    server = pytester.path / "server.py"
    server.write_text(
        "import os, socketserver, sys\n"
        "class Handler(socketserver.BaseRequestHandler):\n"
        "    def handle(self):\n"
        "        self.request.sendall(str(os.getpid()).encode())\n"
        "with socketserver.TCPServer(('127.0.0.1', 0), Handler) as server:\n"
        "    with open('port.tmp', 'w') as target:\n"
        "        target.write(str(server.server_address[1]))\n"
        "    os.replace('port.tmp', sys.argv[1])\n"
        "    print('ready', flush=True)\n"
        "    server.serve_forever()\n",
        encoding="utf-8",
    )
    pytester.makeconftest(
        f"""
        import socket
        import sys
        from pathlib import Path

        import pytest
        from xprocess import ProcessStarter

        @pytest.fixture(scope="session")
        def service(xprocess, worker_id, tmp_path_factory):
            port = tmp_path_factory.mktemp("service") / "port"
            class Starter(ProcessStarter):
                pattern = "ready"
                args = [sys.executable, {str(server)!r}, str(port)]
            xprocess.ensure("service-" + worker_id, Starter)
            def ask():
                address = ("127.0.0.1", int(port.read_text()))
                with socket.create_connection(address, timeout=10) as asked:
                    return asked.recv(100).decode()
            yield ask
            xprocess.getinfo("service-" + worker_id).terminate()

        @pytest.fixture(scope="session")
        def worker_id(request):
            return getattr(request.config, "workerinput", {{"workerid": "master"}})["workerid"]
        """
    )
    for name in "ab":
        pytester.makepyfile(
            **{
                f"test_{name}": """
                    def test_one(service, record_property):
                        record_property("process", service())

                    def test_two(service):
                        assert service()
                """
            }
        )
    for run in alone.same():
        run.result.assert_outcomes(passed=4)


@pytest.mark.skipif(sys.platform == "win32", reason="starts PostgreSQL by pg_ctl")
def test_postgresql_gives_each_worker_a_server_of_its_own(
    alone: Bench, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pytest_postgresql")
    pytest.importorskip("psycopg")
    found = [*Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), shutil.which("pg_ctl")]
    if found[0] is None:
        pytest.skip("PostgreSQL is not installed")
    if os.geteuid() == 0:
        pytest.skip("PostgreSQL refuses to be run by root")
    alone.use("pytest_postgresql")
    pytester.makeconftest(WAIT_FOR_ALL)
    for name in "ab":
        pytester.makepyfile(
            **{
                f"test_{name}": """
                    import pytest

                    @pytest.mark.parametrize("number", range(2))
                    def test_table(postgresql, number, record_property):
                        record_property("port", postgresql.info.port)
                        with postgresql.cursor() as cursor:
                            cursor.execute("create table books (id int)")
                            cursor.execute("select count(*) from books")
                            assert cursor.fetchone() == (0,)
                """
            }
        )
    _, distributed = alone.same(f"--postgresql-exec={found[0]}")
    distributed.result.assert_outcomes(passed=4)
    assert len(set(distributed.recorded("port").values())) == 2
