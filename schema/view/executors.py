"""graphql-core's executors for documents with `@defer` or `@stream`: what is wrong is told."""

from typing import Any

from graphql import Executor
from graphql.execution.incremental import IncrementalExecutor

from schema.faults import bad_input


class TellsStreams(Executor[Any]):
    """Refuses in words what graphql-core would refuse as a mistake of ours."""

    def get_stream_usage(self, field_details_list: Any, path: Any) -> Any:  # noqa: ANN401 (theirs)
        """Say how a list is streamed.

        Errors: the fault BAD_USER_INPUT.
        """
        try:
            return super().get_stream_usage(field_details_list, path)
        except ValueError:
            raise bad_input("`initialCount` of `@stream` is a whole number, 0 or more.") from None
        except TypeError:
            raise bad_input(
                "An event of a subscription comes whole: leave out `@stream`, or say `if: false`."
            ) from None


class WholeExecutor(TellsStreams):
    """Gives everything at once."""


class PartsExecutor(TellsStreams, IncrementalExecutor):
    """Gives what is deferred later."""
