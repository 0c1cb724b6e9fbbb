"""What looks on while an application answers: counts, slow operations, the use of fields."""

from hub.access import RequestFigures
from hub.kernel.actor import HUB_ACTOR
from hub.kernel.tx import Database
from schema.cost.usage import FieldUses
from schema.documents.store import list_hashes
from schema.observing.figures import OperationFigures
from schema.observing.names import HASHES_MAX, OperationNames
from schema.observing.slow import SlowLog
from schema.settings import ApiSettings
from schema.view.watching import Finished


class Watchers:
    """Those of one application."""

    def __init__(self, settings: ApiSettings) -> None:
        self.uses = FieldUses()
        self.names = OperationNames()
        self.operations = OperationFigures(self.names)
        self.slow = SlowLog(settings.slow)
        self.requests = RequestFigures()

    def watch(self, finished: Finished) -> None:
        """Look at an operation that was answered."""
        self.uses.note(finished)
        self.operations.note(finished)
        self.slow.note(finished)

    async def learn_names(self, database: Database) -> None:
        """Learn which documents are published: their operations are told by name."""
        async with database.read(HUB_ACTOR) as tx:
            self.names.publish(await list_hashes(tx, limit=HASHES_MAX))
