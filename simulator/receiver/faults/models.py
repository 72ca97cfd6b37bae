"""What a fault file says."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from simulator.scenario.quantities import Count, Duration, Share


class Fault(BaseModel):
    """Which requests are meant, and what becomes of them. Durations are text such as `2 s`, or seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(default="", max_length=100, description="What to call it.")
    path: str = Field(default="*", description="The path, where `*` stands for any characters.")
    method: str = Field(default="", description="The method, such as `POST`; by default any.")
    identity: str = Field(default="", description="Only requests whose body holds this identity.")
    share: Share = Field(default=1.0, description="The share of the requests that it hits.")
    skip: Count = Field(default=0, description="Lets so many requests pass first.")
    times: Count = Field(default=0, description="Hits so many requests at most; 0 has no limit.")
    after: Duration = Field(default=0.0, description="Begins so long after the faults were set.")
    lasts: Duration = Field(default=0.0, description="Ends so long after it began; 0 never ends.")

    delay_reading: Duration = Field(default=0.0, description="Waits so long before it reads the body.")
    delay_answer: Duration = Field(default=0.0, description="Waits so long before it answers.")
    status: int = Field(
        default=0, ge=0, le=599, description="Answers with this status instead; 0 leaves the answer."
    )
    retry_after: Duration = Field(default=0.0, description="Puts `Retry-After` into that answer.")
    body: Any = Field(default=None, description="The body of that answer: text, or JSON.")
    accept: bool = Field(
        default=False, description="With `status`: does what was asked first, and keeps the events."
    )
    cut: Literal["", "before", "after", "half"] = Field(
        default="",
        description="Cuts the connection: `before` anything is kept, `after` the events were kept but before the "
        "answer, or after `half` of the answer.",
    )
    wrong_json: bool = Field(default=False, description="Damages the JSON of the answer.")
    drip: Duration = Field(default=0.0, description="Sends the answer byte by byte over so long.")

    @model_validator(mode="after")
    def _does_one_thing(self) -> Self:
        if self.status and self.status < 200:
            raise ValueError("status: must be from 200 to 599, or 0 to leave the answer as it is")
        if self.cut and (self.status or self.wrong_json or self.drip):
            raise ValueError("cut: no status, wrong_json or drip beside it; a cut connection has no answer")
        if not self.status and (self.accept or self.body is not None or self.retry_after):
            raise ValueError("accept, body and retry_after belong to a status; give one")
        does = (self.status, self.cut, self.wrong_json, self.drip, self.delay_reading, self.delay_answer)
        if not any(does):
            raise ValueError("does nothing; give a status, a cut, a delay, wrong_json or drip")
        return self


class Faults(BaseModel):
    """A list of faults; the first that hits a request counts. The same seed hits the same requests."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = Field(default=1, ge=0, description="Decides which requests a share hits.")
    faults: tuple[Fault, ...] = Field(default=(), max_length=1000, description="The faults in their order.")
