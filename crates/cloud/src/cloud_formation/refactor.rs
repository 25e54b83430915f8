/// What a move of resources within or between stacks is to be made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RefactorRequest {
    /// What it is for.
    pub description: Option<String>,
    /// The stacks that take part, each with its template after the move. Nothing else may differ in the templates.
    pub stacks: Vec<RefactoredStack>,
    /// The resources that move. What keeps its stack and its logical id is not listed.
    pub moves: Vec<ResourceMove>,
    /// Whether stacks that do not exist are made.
    pub creates_stacks: bool,
}

/// A stack that takes part in a move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefactoredStack {
    /// Its name.
    pub stack: String,
    /// Its template after the move: where it is.
    pub template: super::TemplateSource,
}

/// One resource that moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceMove {
    /// Where it is.
    pub from: ResourceLocation,
    /// Where it goes.
    pub to: ResourceLocation,
}

/// Where a resource is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceLocation {
    /// The name of the stack.
    pub stack: String,
    /// The resource's name in the template.
    pub logical_id: String,
}

crate::string_enum::string_enum! {
    /// How far a move is prepared.
    pub enum RefactorStatus {
        /// Being prepared.
        CreateInProgress = "CREATE_IN_PROGRESS",
        /// Prepared.
        CreateComplete = "CREATE_COMPLETE",
        /// It cannot be prepared.
        CreateFailed = "CREATE_FAILED",
        /// Being forgotten.
        DeleteInProgress = "DELETE_IN_PROGRESS",
        /// Forgotten.
        DeleteComplete = "DELETE_COMPLETE",
        /// It could not be forgotten.
        DeleteFailed = "DELETE_FAILED",
    }
}

crate::string_enum::string_enum! {
    /// How far a move is carried out.
    pub enum RefactorExecutionStatus {
        /// It cannot be, for now or for ever.
        Unavailable = "UNAVAILABLE",
        /// It can be.
        Available = "AVAILABLE",
        /// The stacks have changed since it was prepared.
        Obsolete = "OBSOLETE",
        /// It is being carried out.
        InProgress = "EXECUTE_IN_PROGRESS",
        /// It was carried out.
        Complete = "EXECUTE_COMPLETE",
        /// It failed.
        Failed = "EXECUTE_FAILED",
        /// It failed and is being undone.
        RollbackInProgress = "ROLLBACK_IN_PROGRESS",
        /// It failed and was undone.
        RollbackComplete = "ROLLBACK_COMPLETE",
        /// It failed, and undoing it did too.
        RollbackFailed = "ROLLBACK_FAILED",
    }
}

/// A move of resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefactorDescription {
    /// How far it is prepared.
    pub status: RefactorStatus,
    /// Why it stands there.
    pub reason: Option<String>,
    /// How far it is carried out.
    pub execution_status: RefactorExecutionStatus,
    /// Why it stands there.
    pub execution_reason: Option<String>,
}
